/**
 * A real server of NATS on loopback for specs, and connections to it.
 * Below the specs of relayed streams. Where the server is not installed they are skipped.
 */
import {type ChildProcess, spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {type AddressInfo, createServer} from 'node:net';
import {connect, type NatsConnection} from '@nats-io/transport-node';

/** Why the specs that need the server are skipped. Undefined: it is there. */
export const withoutServer: string | undefined =
  spawnSync('nats-server', ['--version']).error === undefined ? undefined : 'nats-server is not installed';

export class NatsServer {
  readonly port: number;
  #process: ChildProcess | undefined;
  readonly #connections: NatsConnection[] = [];

  static async start(): Promise<NatsServer> {
    const server = new NatsServer(await freePort());
    await server.start();
    return server;
  }

  /** The server at this port of loopback, which somebody else has started. */
  constructor(port: number) {
    this.port = port;
  }

  /** Resolves when it takes connections. */
  async start(): Promise<void> {
    const server = spawn('nats-server', ['-a', '127.0.0.1', '-p', String(this.port)], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#process = server;
    await new Promise<void>((resolve, reject) => {
      // It is read to its end, because a server that cannot write its log ends.
      server.stderr.on('data', chunk => {
        if (String(chunk).includes('Server is ready')) resolve();
      });
      server.once('exit', () => reject(new Error('the server of NATS has ended before it was ready')));
      server.once('error', reject);
    });
  }

  async kill(): Promise<void> {
    const server = this.#process;
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    const gone = once(server, 'exit');
    server.kill('SIGKILL');
    await gone;
  }

  /** A connection that tries again without end, as those of hosts do. */
  async connect(): Promise<NatsConnection> {
    const connection = await connect({
      servers: `127.0.0.1:${this.port}`,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 50,
      reconnectJitter: 0,
    });
    this.#connections.push(connection);
    return connection;
  }

  async close(): Promise<void> {
    await Promise.all(this.#connections.map(connection => connection.close()));
    await this.kill();
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const {port} = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
