/**
 * Pairs of transports for the contract: in memory, over a message port, over a Unix socket within this process, over an inherited
 * socketpair to a process that passes everything on, between a listener and who connects to it, behind a handshake, through the tree, and
 * through a broker.
 * Beside contract.spec.ts and far-end.ts.
 */
import {spawn} from 'node:child_process';
import {randomBytes} from 'node:crypto';
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {connect, createServer, type Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {TLSSocket} from 'node:tls';
import {fileURLToPath} from 'node:url';
import {MessageChannel} from 'node:worker_threads';
import {newActorId} from '../../lib/base/actor-id.js';
import {startHandshake} from '../../lib/channel/handshake/start-handshake.js';
import {messagePack} from '../../lib/msg/codec.js';
import {parseAddress} from '../../lib/transport/address.js';
import {connectTo} from '../../lib/transport/connect.js';
import {lengthBytes, writeLength} from '../../lib/transport/framing.js';
import {listen as listenAt} from '../../lib/transport/listener.js';
import {memoryPair} from '../../lib/transport/memory.js';
import {PortTransport} from '../../lib/transport/port.js';
import type {Broker} from '../../lib/transport/relay/broker.js';
import {RelayedStream} from '../../lib/transport/relayed.js';
import {SocketTransport} from '../../lib/transport/socket.js';
import {serverOptions, type TlsOptions} from '../../lib/transport/tls.js';
import type {Ending, Transport} from '../../lib/transport/transport.js';
import {newBranch, newRoot, roadBetween} from '../kit/branches.js';
import {NatsServer, natsBroker, withoutNatsServer} from '../kit/nats-server.js';

export const maxFrameBytes = 256 * 1024;

export interface Pair {
  readonly a: Transport;
  readonly b: Transport;
  /** Lets go of everything, whatever a test has left. */
  dispose(): void;
}

export const pairs: Readonly<Record<string, () => Promise<Pair>>> = {
  memory: async () => {
    const [a, b] = memoryPair({maxFrameBytes});
    return {a, b, dispose: () => destroyBoth(a, b)};
  },
  'a message port': async () => {
    const {port1, port2} = new MessageChannel();
    const a = new PortTransport(port1, {maxFrameBytes});
    const b = new PortTransport(port2, {maxFrameBytes});
    return {a, b, dispose: () => destroyBoth(a, b)};
  },
  'a Unix socket': async () => {
    const {near, far} = await unixPair();
    const a = new SocketTransport(near, {maxFrameBytes});
    const b = new SocketTransport(far, {maxFrameBytes});
    return {a, b, dispose: () => destroyBoth(a, b)};
  },
  'two inherited socketpairs': async () => {
    // The far end joins its descriptors 3 and 4 byte by byte; both other ends are here.
    const child = spawn(process.execPath, [farEnd, 'join'], {stdio: ['ignore', 'inherit', 'inherit', 'pipe', 'pipe']});
    const a = new SocketTransport(child.stdio[3] as Socket, {maxFrameBytes});
    const b = new SocketTransport(child.stdio[4] as unknown as Socket, {maxFrameBytes});
    return {
      a,
      b,
      dispose: () => {
        destroyBoth(a, b);
        child.kill('SIGKILL');
      },
    };
  },
  'a Unix listener': async () => {
    const folder = mkdtempSync(join(tmpdir(), 'rx-'));
    try {
      return await meet(`unix:${join(folder, 's')}`);
    } finally {
      rmSync(folder, {recursive: true, force: true});
    }
  },
  'a TCP listener': () => meet('tcp://127.0.0.1:0'),
  'a TLS listener': () => meet('tls://127.0.0.1:0', certificates('actor')),
  'behind a handshake': async () => {
    const {a: near, b: far, dispose} = await meet('tcp://127.0.0.1:0');
    const common = {codec: messagePack, secret: randomBytes(32), where: 'here', timeout};
    const [a, b] = await Promise.all([
      startHandshake(near, {...common, role: 'connector', self: newActorId('a')}).result,
      startHandshake(far, {...common, role: 'acceptor', self: newActorId('b')}).result,
    ]);
    return {a: a.transport, b: b.transport, dispose};
  },
  'through the tree': async () => {
    // Through the root and a branch of it.
    const root = await newRoot();
    const [near, branch] = [await newBranch(root, 'near'), await newBranch(root, 'branch')];
    const ends = await roadBetween(near, await newBranch(branch, 'far'));
    const a = new SocketTransport(ends[0], {maxFrameBytes});
    const b = new SocketTransport(ends[1], {maxFrameBytes});
    return {a, b, dispose: () => destroyBoth(a, b)};
  },
  'through a broker': async () => {
    const {near, far} = await relayedPair();
    const a = new SocketTransport(near, {maxFrameBytes});
    const b = new SocketTransport(far, {maxFrameBytes});
    return {a, b, dispose: () => destroyBoth(a, b)};
  },
  'TLS through a broker': async () => {
    const {near, far} = await relayedPair();
    const tls = certificates('actor');
    const secured = new TLSSocket(far as unknown as Socket, {isServer: true, ...serverOptions(tls)});
    const b = new SocketTransport(secured, {maxFrameBytes});
    const address = parseAddress('tls://127.0.0.1:1');
    const a = await connectTo(address, {maxFrameBytes, tls, timeout, over: () => near});
    return {a, b, dispose: () => destroyBoth(a, b)};
  },
};

/** Why a pair cannot be made here. Undefined: it can. */
export const missing = (name: string): string | undefined =>
  name.endsWith('a broker') ? withoutNatsServer : undefined;

let brokers: Promise<{server: NatsServer; near: Broker; far: Broker}> | undefined;
let streams = 0;

/** A server, which all tests of a file share, and two connections to it. */
async function startBrokers() {
  const server = await NatsServer.start();
  const [near, far] = await Promise.all([server.connect(), server.connect()]);
  return {server, near: natsBroker(near), far: natsBroker(far)};
}

export async function closeBrokers(): Promise<void> {
  await (await brokers)?.server.close();
}

async function relayedPair(): Promise<{near: RelayedStream; far: RelayedStream}> {
  brokers ??= startBrokers();
  const {near, far} = await brokers;
  const [here, there] = [`near.${++streams}`, `far.${streams}`];
  return {
    near: new RelayedStream(near, {here, there, silence: timeout}),
    far: new RelayedStream(far, {here: there, there: here, silence: timeout}),
  };
}

/** One that connects, and what the listener makes of it. */
async function meet(address: string, tls?: TlsOptions): Promise<Pair> {
  let accept: (transport: Transport) => void;
  const accepted = new Promise<Transport>(resolve => {
    accept = resolve;
  });
  const listener = await listenAt(parseAddress(address), {
    maxFrameBytes,
    tls,
    handshakeMs: timeout,
    accept: transport => accept(transport),
  });
  const a = await connectTo(parseAddress(listener.address), {maxFrameBytes, tls, timeout});
  const b = await accepted;
  await listener.close();
  return {a, b, dispose: () => destroyBoth(a, b)};
}

/** Those of spec/fixtures/tls. @param ca whom to trust; by default the one that has signed it */
export function certificates(
  name: 'actor' | 'elsewhere' | 'stranger',
  ca = name === 'stranger' ? 'other-ca' : 'ca',
): TlsOptions {
  const read = (file: string): Buffer =>
    readFileSync(new URL(`../../../spec/fixtures/tls/${file}.pem`, import.meta.url));
  return {cert: read(name), key: read(`${name}.key`), ca: read(ca)};
}

/** In ms; generous, because all tests of a file start at once. */
const timeout = 60_000;
export const farEnd = fileURLToPath(new URL('far-end.js', import.meta.url));

function destroyBoth(a: Transport, b: Transport): void {
  a.destroy();
  b.destroy();
}

/** Two ends of a Unix socket, both in this process. */
export async function unixPair(): Promise<{near: Socket; far: Socket}> {
  const folder = mkdtempSync(join(tmpdir(), 'rx-'));
  const path = join(folder, 's');
  const server = createServer();
  try {
    await new Promise<void>(resolve => server.listen(path, resolve));
    const connected = new Promise<Socket>(resolve => server.once('connection', resolve));
    const near = connect(path);
    await new Promise<void>(resolve => near.once('connect', resolve));
    return {near, far: await connected};
  } finally {
    server.close();
    rmSync(folder, {recursive: true, force: true});
  }
}

/** Bytes with their length in front. */
export function framed(...frames: readonly Uint8Array[]): Uint8Array {
  const chunks = frames.flatMap(frame => {
    const length = new Uint8Array(lengthBytes);
    writeLength(length, 0, frame.length);
    return [length, frame];
  });
  return Uint8Array.from(Buffer.concat(chunks));
}

/** Opens an end, and keeps what it says in order. */
export function listen(transport: Transport): Listener {
  const listener = new Listener();
  transport.open(listener);
  return listener;
}

export class Listener {
  readonly frames: Uint8Array[] = [];
  readonly endings: Ending[] = [];
  drains = 0;
  /** Set when something was said behind the end. */
  late = false;
  #waiting: (() => void)[] = [];

  frame(bytes: Uint8Array): void {
    this.late ||= this.endings.length > 0;
    // The bytes of a frame are lent.
    this.frames.push(Uint8Array.from(bytes));
    this.#wake();
  }

  drained(): void {
    this.late ||= this.endings.length > 0;
    this.drains++;
    this.#wake();
  }

  ended(ending: Ending): void {
    this.endings.push(ending);
    this.#wake();
  }

  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>(resolve => this.#waiting.push(resolve));
  }

  async count(frames: number): Promise<Uint8Array[]> {
    await this.until(() => this.frames.length >= frames || this.endings.length > 0);
    return this.frames;
  }

  async end(): Promise<Ending> {
    await this.until(() => this.endings.length > 0);
    return this.endings[0] as Ending;
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}
