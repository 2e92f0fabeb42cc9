/**
 * The format of the bare socketpair: a length and an id in front of each message, and no more.
 * Beneath `bare` and `bare-child`.
 */

/** A length and an id, four bytes each. */
export const headBytes = 8;
/** How many messages, and how large each is. */
export const requestBytes = 8;

/** Reads messages out of the chunks of a socket, and hands over the id and the length of each when all of it has come. */
export function messagesOf(take: (id: number, bytes: number) => void): (chunk: Buffer) => void {
  /** A head that is cut in two. */
  let cut = Buffer.alloc(0);
  let id = 0;
  let bytes = 0;
  let missing = 0;
  const readHead = (from: Buffer, at: number): void => {
    missing = bytes = from.readUInt32LE(at);
    id = from.readUInt32LE(at + 4);
  };
  return chunk => {
    for (let at = 0; ; take(id, bytes)) {
      if (missing === 0) {
        const headIn = headBytes - cut.length;
        if (at + headIn > chunk.length) {
          cut = Buffer.concat([cut, chunk.subarray(at)]);
          return;
        }
        if (cut.length === 0) readHead(chunk, at);
        else readHead(Buffer.concat([cut, chunk.subarray(at, at + headIn)]), 0);
        cut = cut.subarray(0, 0);
        at += headIn;
      }
      const part = Math.min(missing, chunk.length - at);
      at += part;
      missing -= part;
      if (missing > 0) return;
    }
  };
}
