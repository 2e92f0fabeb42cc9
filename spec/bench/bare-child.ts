/**
 * The other end of the bare socketpair: echoes, sends without end, or does nothing.
 * Started by `bare`.
 */
import {Socket} from 'node:net';

const socket = new Socket({fd: 3, readable: true, writable: true});
const slabBytes = 64 * 1024;
const smallBytes = 16;

socket.on('end', () => process.exit(0));
socket.on('error', () => process.exit(0));

switch (process.argv[2]) {
  case 'echo':
    socket.on('data', chunk => socket.write(chunk));
    break;
  case 'small':
    socket.resume();
    pour(smallMessages);
    break;
  case 'buffers': {
    const buffer = Buffer.alloc(slabBytes, 7);
    socket.resume();
    pour(() => buffer);
    break;
  }
  default:
    socket.resume();
    socket.write('!');
}

/** Writes for as long as the system takes it, and again when it has room. */
function pour(next: () => Buffer): void {
  const write = (): void => {
    while (socket.write(next()));
    socket.once('drain', write);
  };
  write();
}

/** Messages written one by one, and gathered for one write. */
function smallMessages(): Buffer {
  const slab = Buffer.allocUnsafeSlow(slabBytes);
  for (let at = 0; at < slabBytes; at += smallBytes) {
    slab.writeUInt32LE(smallBytes - 4, at);
    slab.fill(7, at + 4, at + smallBytes);
  }
  return slab;
}
