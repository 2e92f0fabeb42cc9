// A process at the other end of inherited descriptors: `join` passes bytes between 3 and 4; `leave` says what the
// contract of `drainSync` asks for: it writes to 3 more than a socket takes, and exits at once.
import {Socket} from 'node:net';
import {SocketTransport} from '../../lib/transport/socket.js';
import {framed, maxFrameBytes} from './ends.js';

const open = (fd: number): Socket => new Socket({fd, readable: true, writable: true});

if (process.argv[2] === 'join') {
  const [left, right] = [open(3), open(4)];
  left.pipe(right);
  right.pipe(left);
  // An end that was cut takes the other with it.
  left.on('error', () => right.destroy());
  right.on('error', () => left.destroy());
}

if (process.argv[2] === 'leave') {
  const transport = new SocketTransport(open(3), {maxFrameBytes, fd: 3});
  transport.open({frame: () => {}, drained: () => {}, ended: () => process.exit(1)});
  process.on('exit', () => transport.drainSync(60_000));
  for (let i = 0; i < 100; i++) transport.write([framed(new Uint8Array(100_000).fill(i))]);
  process.exit(0);
}
