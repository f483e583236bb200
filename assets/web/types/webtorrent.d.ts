// The part of webtorrent 2.8.5 that the page uses. Names with an underscore are not of
// its public interface: the version is pinned and a test with two browsers keeps them.

interface TorrentWire {
  type: string;
  peerId: string;
  peerChoking: boolean;
  destroyed: boolean;
  downloaded: number;
  uploaded: number;
  peerPieces: { get(index: number): boolean };
  have(index: number): void;
  lt_donthave?: { donthave(index: number): void };
  once(event: "close", listener: () => void): void;
}

interface TorrentStore {
  get(index: number, options: object | null, done: (err: Error | null, data?: Uint8Array) => void): void;
  put(index: number, data: Uint8Array, done: (err: Error | null) => void): void;
}

interface Torrent {
  ready: boolean;
  destroyed: boolean;
  infoHash: string;
  length: number;
  pieceLength: number;
  pieces: unknown[];
  bitfield: { get(index: number): boolean };
  wires: TorrentWire[];
  store: TorrentStore;
  _hashes: string[];
  _markVerified(index: number): void;
  _markUnverified(index: number): void;
  _checkDone(): boolean;
  select(from: number, to: number, priority: number): void;
  deselect(from: number, to: number): void;
  on(event: "wire", listener: (wire: TorrentWire) => void): void;
  on(event: "verified", listener: (index: number) => void): void;
  on(event: "error" | "warning", listener: (err: Error | string) => void): void;
  once(event: "ready", listener: () => void): void;
}

interface WebTorrentClient {
  add(torrent: Uint8Array, options: object): Torrent;
  on(event: "error", listener: (err: Error | string) => void): void;
  destroy(): void;
}

interface WebTorrentModule {
  default: { new (options: object): WebTorrentClient; WEBRTC_SUPPORT: boolean };
}
