// Shapes that the page's modules share. Types only: nothing here is served.

/** A video as the pod's lists tell it; the fields that the page reads. */
interface VideoSummary {
  id: number;
  uuid: string;
  shortUUID: string;
  name: string;
  description: string | null;
  duration: number;
  isLocal: boolean;
  thumbnailPath: string;
  previewPath: string;
  publishedAt: string;
  account: { displayName: string; host: string };
  /** The friend that the video is from; null for the pod's own. */
  origin?: { id: string; name: string; url: string } | null;
}

/** One file of a video. */
interface VideoFile {
  size: number;
  resolution: { id: number; label: string };
  fileUrl: string;
  fileDownloadUrl: string;
  torrentUrl: string;
  torrentDownloadUrl: string;
  magnetUri: string;
  mimeType?: string;
}

/** A video with its files. */
interface VideoDetails extends VideoSummary {
  downloadEnabled: boolean;
  files: VideoFile[];
}

interface VideoList {
  total: number;
  data: VideoSummary[];
}

/** What the page reads of /api/v1/config. */
interface PodConfig {
  webrtc?: { iceServers?: string[] };
}

/** A part of a file that can be appended alone: bytes [start, end), seconds [time, time + duration). */
interface Segment {
  start: number;
  end: number;
  time: number;
  duration: number;
}

/** Where the parts of a file are. */
interface MediaIndex {
  /** Length in bytes of what must be appended first. */
  initEnd: number;
  /** Seconds. */
  duration: number;
  segments: Segment[];
}

/** Reads bytes [start, end) of the file; shorter only at its end. */
type ReadBytes = (start: number, end: number) => Promise<Uint8Array>;

interface ReadOptions {
  signal: AbortSignal;
  /** Whether the picture would stop soon without these bytes. */
  urgent: () => boolean;
}

/** Pieces [from, to], both included. */
interface PieceRange {
  from: number;
  to: number;
}

/** One connection to another program. */
interface WireInfo {
  type: string;
  peerId: string;
  isPod: boolean;
  open: boolean;
  downloaded: number;
  uploaded: number;
}

/** Bytes by where they came from. */
interface Counters {
  /** From other browsers, over WebRTC. */
  peers: number;
  /** From pods, over WebRTC. */
  pod: number;
  /** From pods, over HTTP. */
  webSeed: number;
  /** To others. */
  sent: number;
}

interface PageOptions {
  webrtc: boolean;
  http: boolean;
  autoplay: boolean;
  muted: boolean;
}

/** What tests and curious people find as window.peerpod. */
interface PeerpodHook {
  options: PageOptions;
  readonly counters: Counters;
  readonly wires: WireInfo[];
  /** "none" before the first play, then "mediasource" or, in the last resort, "file". */
  readonly source: "none" | "mediasource" | "file";
  readonly swarmReady: boolean;
  /** The addresses of the file, the best first, and how many bytes came from each by HTTP. */
  readonly ways: { url: string; bytes: number }[];
  readonly notes: string[];
  play: () => Promise<void>;
}

interface Window {
  peerpod?: PeerpodHook;
}
