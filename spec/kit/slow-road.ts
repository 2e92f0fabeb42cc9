// A road that takes time, to a port of this machine. Used by the specs of `fleet`.
import {once} from 'node:events';
import {type AddressInfo, connect, createServer, type Socket} from 'node:net';
import type {ExecutionContext} from 'ava';

/**
 * Everything is `ms` on its way, in each direction.
 *
 * @returns the port of loopback at which the road begins
 */
export async function makeSlowRoad(t: ExecutionContext, port: number, ms: number): Promise<number> {
  const sockets: Socket[] = [];
  const server = createServer({allowHalfOpen: true}, near => {
    const far = connect({port, host: '127.0.0.1', allowHalfOpen: true});
    sockets.push(near, far);
    passOn(near, far, ms);
    passOn(far, near, ms);
  });
  t.teardown(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Timers of the same time end in their order. */
function passOn(from: Socket, to: Socket, ms: number): void {
  from.on('data', chunk => setTimeout(() => to.write(chunk), ms));
  from.on('end', () => setTimeout(() => to.end(), ms));
  from.on('error', () => setTimeout(() => to.destroy(), ms));
}
