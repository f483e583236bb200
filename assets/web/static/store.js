// Where the pieces of the video that is watched are kept, so that other browsers can get
// them from here: in memory, within a budget, gone with the tab. (A store on disk would
// be shared by all tabs, would outlive them and does not exist on http:// pages.)

/** The interface is that of abstract-chunk-store, which webtorrent asks for. */
export class PieceStore {
  /** @param {number} chunkLength */
  constructor(chunkLength) {
    this.chunkLength = chunkLength;
    /** @type {Map<number, Uint8Array>} */
    this.pieces = new Map();
    this.bytes = 0;
  }

  /**
   * @param {number} index
   * @param {Uint8Array} data
   * @param {(err: Error | null) => void} [done]
   */
  put(index, data, done) {
    this.remove(index);
    // A copy: data may be a view into a larger buffer that would stay alive with it.
    this.pieces.set(index, data.byteLength === data.buffer.byteLength ? data : data.slice());
    this.bytes += data.byteLength;
    if (done) queueMicrotask(() => done(null));
  }

  /**
   * @param {number} index
   * @param {{offset?: number, length?: number} | null} options
   * @param {(err: Error | null, data?: Uint8Array) => void} done
   */
  get(index, options, done) {
    const piece = this.pieces.get(index);
    queueMicrotask(() => {
      if (!piece) return done(new Error("The piece is not here."));
      const offset = options?.offset ?? 0;
      return done(null, piece.subarray(offset, offset + (options?.length ?? piece.byteLength - offset)));
    });
  }

  /**
   * Forgets a piece.
   * @param {number} index
   */
  remove(index) {
    this.bytes -= this.pieces.get(index)?.byteLength ?? 0;
    this.pieces.delete(index);
  }

  /** @param {(err: Error | null) => void} [done] */
  close(done) {
    if (done) queueMicrotask(() => done(null));
  }

  /** @param {(err: Error | null) => void} [done] */
  destroy(done) {
    this.pieces.clear();
    this.bytes = 0;
    this.close(done);
  }
}
