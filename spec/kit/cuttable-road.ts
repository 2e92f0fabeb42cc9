// A road of TCP on loopback that a test cuts without a word, as a firewall that drops packets does.
// Beside namespaces.ts, which cuts everything between two hosts; this cuts what takes this road alone.
import {once} from 'node:events';
import {type AddressInfo, connect, createServer, type Socket} from 'node:net';
import type {ExecutionContext} from 'ava';

export interface CuttableRoad {
  readonly port: number;
  /** Nothing passes any more, and nobody is told. */
  cut(): void;
  /** New connections pass again. Those of before have ended. */
  heal(): void;
}

/** A road to a port, until the test has ended. */
export async function openRoad(t: ExecutionContext, to: number): Promise<CuttableRoad> {
  const sockets = new Set<Socket>();
  let isCut = false;
  const passOn = (from: Socket, other: Socket): void => {
    sockets.add(from);
    from
      .on('error', () => {})
      .on('close', () => {
        sockets.delete(from);
        other.destroy();
      });
    if (!isCut) from.pipe(other);
  };
  const server = createServer(near => {
    const far = connect(to, '127.0.0.1');
    passOn(near, far);
    passOn(far, near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const endAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  t.teardown(() => {
    server.close();
    endAll();
  });
  return {
    port: (server.address() as AddressInfo).port,
    cut: () => {
      isCut = true;
      for (const socket of sockets) socket.unpipe().pause();
    },
    heal: () => {
      isCut = false;
      endAll();
    },
  };
}
