/**
 * A real server of NATS on loopback, and connections to it. Debian has it as the package nats-server.
 * Beside command.ts; what needs it is skipped where it is not installed.
 */
import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync} from 'node:fs';
import {type AddressInfo, createServer} from 'node:net';
import {delimiter, join} from 'node:path';
import {connect, type NatsConnection} from '@nats-io/transport-node';
import {attempt} from '../../lib/base/foreign.js';
import type {Broker, BrokerWatcher} from '../../lib/transport/relay/broker.js';
import {howEnded, killed} from './ended.js';
import {eventually} from './eventually.js';
import type {Owner} from './program.js';

const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
const file = folders.map(folder => join(folder, 'nats-server')).find(path => existsSync(path));

/** Why the specs that need the server are skipped. Undefined: they run. */
export const withoutNatsServer = file === undefined ? 'needs the program nats-server' : undefined;

export class NatsServer {
  readonly port: number;
  readonly #args: readonly string[];
  #process: ChildProcess | undefined;
  readonly #connections: NatsConnection[] = [];

  /** @param args for the program: `--config FILE`. Default: anybody may connect. */
  static async start(args: readonly string[] = []): Promise<NatsServer> {
    const server = new NatsServer(await freePort(), args);
    await server.start();
    return server;
  }

  /** The server at this port of loopback, which somebody else has started. */
  constructor(port: number, args: readonly string[] = []) {
    this.port = port;
    this.#args = args;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  /** Resolves when it takes connections. */
  async start(): Promise<void> {
    const server = spawn(file as string, ['-a', '127.0.0.1', '-p', String(this.port), ...this.#args], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#process = server;
    let said = '';
    // It is read to its end, because a server that cannot write its log ends.
    server.stderr.on('data', chunk => {
      said += String(chunk);
    });
    let fault: string | undefined;
    server.once('error', error => {
      fault = error.message;
    });
    const isReady = (): boolean => said.includes('Server is ready');
    try {
      await eventually(isReady, 'the server of NATS', {unless: () => fault ?? howEnded(server)});
    } catch (error) {
      await killed(server);
      throw new Error(`${(error as Error).message}; it has said: ${said}`);
    }
  }

  /** Resolves when it is gone. `start` starts it again at the same port. */
  async kill(): Promise<void> {
    if (this.#process) await killed(this.#process);
  }

  signal(name: NodeJS.Signals): void {
    this.#process?.kill(name);
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

/** A server until the test has ended. */
export async function startNatsServer(t: Owner, args: readonly string[] = []): Promise<NatsServer> {
  const server = await NatsServer.start(args);
  t.teardown(() => server.close());
  return server;
}

/** A connection of NATS, for any number of streams. Call it once for each connection. */
export function natsBroker(connection: NatsConnection): Broker {
  const watchers = new Set<BrokerWatcher>();
  let isUp = true;
  const tell = (what: (watcher: BrokerWatcher) => void): void => {
    for (const watcher of [...watchers]) what(watcher);
  };
  void followStatus(connection, type => {
    if (type === 'disconnect' && isUp) {
      isUp = false;
      tell(watcher => watcher.cut());
    } else if (type === 'reconnect' && !isUp) {
      isUp = true;
      tell(watcher => watcher.back());
    }
  });
  void connection.closed().then(cause => {
    isUp = false;
    tell(watcher => watcher.closed(cause ?? undefined));
  });
  return {
    get isUp() {
      return isUp && !connection.isClosed();
    },
    maxBytes: connection.info?.max_payload ?? 1024 * 1024,
    publish: (subject, bytes) => {
      // A connection that is about to end refuses. What it has not taken is missed by the other end.
      if (isUp) attempt(() => connection.publish(subject, bytes));
    },
    subscribe: (subject, heard) => {
      const subscription = connection.subscribe(subject, {
        // An error here is a refusal by the server. The stream ends when it has heard nothing for too long.
        callback: (error, message) => void (error ?? heard(message.data, message.subject)),
      });
      return () => attempt(() => subscription.unsubscribe());
    },
    watch: watcher => {
      watchers.add(watcher);
      return () => void watchers.delete(watcher);
    },
  };
}

async function followStatus(connection: NatsConnection, told: (type: string) => void): Promise<void> {
  for await (const {type} of connection.status()) told(type);
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
