/**
 * The other end of the bare socketpair: echoes, answers each request for a stream, or does nothing.
 * Started by `bare`.
 */
import {Socket} from 'node:net';
import {headBytes, requestBytes} from './bare-format.js';

const socket = new Socket({fd: 3, readable: true, writable: true});
/** The number of bytes that are gathered for one write. */
const slabBytes = 64 * 1024;

socket.on('end', () => process.exit(0));
socket.on('error', () => process.exit(0));

switch (process.argv[2]) {
  case 'echo':
    socket.on('data', chunk => socket.write(chunk));
    break;
  case 'stream':
    // A request follows the end of the stream before it, so that two never arrive together.
    socket.on('data', (request: Buffer) => void answer(request.readUInt32LE(0), request.readUInt32LE(4)));
    break;
  default:
    socket.resume();
}
socket.write('!'.repeat(requestBytes));

/** Messages written one by one, and gathered for one write as far as they fit. */
async function answer(count: number, bytes: number): Promise<void> {
  const each = Math.max(1, Math.floor(slabBytes / bytes));
  for (let id = 0; id < count; id += each) {
    const slab = Buffer.allocUnsafeSlow(Math.min(each, count - id) * bytes);
    for (let at = 0, next = id; at < slab.length; at += bytes, next++) {
      slab.writeUInt32LE(bytes - headBytes, at);
      slab.writeUInt32LE(next, at + 4);
      slab.fill(7, at + headBytes, at + bytes);
    }
    if (!socket.write(slab)) await new Promise(resolve => socket.once('drain', resolve));
  }
}
