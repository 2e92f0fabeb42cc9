// lib/transport/listener and connect: who can be reached where, what is refused, and what happens to the path of a socket.
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import {connect as connectNet, createServer, type Server, type Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import {fileURLToPath} from 'node:url';
import type {ExecutionContext} from 'ava';
import {
  ContextCancelled,
  HandshakeRejected,
  ProtocolError,
  ResourceExhausted,
  TransportClosed,
} from '../../lib/base/errors.js';
import {maxPathBytes, parseAddress} from '../../lib/transport/address.js';
import {type ConnectToOptions, connectTo} from '../../lib/transport/connect.js';
import {type Listener, type ListenerOptions, listen} from '../../lib/transport/listener.js';
import type {TlsOptions} from '../../lib/transport/tls.js';
import type {Transport} from '../../lib/transport/transport.js';
import {test} from '../kit/limited.js';
import {certificates, framed, maxFrameBytes, listen as openEnd} from './ends.js';

interface Host {
  readonly listener: Listener;
  readonly accepted: Transport[];
  readonly failures: Error[];
  /** Resolves with the next transport that comes in. */
  next(): Promise<Transport>;
  /** Resolves with the first fault. */
  failure(): Promise<Error>;
}

async function host(t: ExecutionContext, address: string, options: Partial<ListenerOptions> = {}): Promise<Host> {
  const [accepted, failures]: [Transport[], Error[]] = [[], []];
  let wake = (): void => {};
  const until = async <T>(list: readonly T[], index: number): Promise<T> => {
    while (list.length <= index)
      await new Promise<void>(resolve => {
        wake = resolve;
      });
    return list[index] as T;
  };
  const listener = await listen(parseAddress(address), {
    maxFrameBytes,
    accept: transport => {
      accepted.push(transport);
      wake();
    },
    failed: error => {
      failures.push(error);
      wake();
    },
    ...options,
  });
  t.teardown(async () => {
    await listener.close();
    for (const transport of accepted) transport.destroy();
  });
  return {
    listener,
    accepted,
    failures,
    next: () => until(accepted, accepted.length),
    failure: () => until(failures, 0),
  };
}

const reach = (address: string, options: Partial<ConnectToOptions> = {}): Promise<Transport> =>
  connectTo(parseAddress(address), {maxFrameBytes, timeout: 10_000, ...options});

/** Every connection is let in. */
async function meets({listener, next}: Pick<Host, 'listener' | 'next'>, tls?: TlsOptions): Promise<void> {
  const came = next();
  const near = await reach(listener.address, {tls});
  (await came).destroy();
  near.destroy();
}

function folder(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'rx-'));
  t.teardown(() => rmSync(path, {recursive: true, force: true}));
  return path;
}

/** Until a socket has seen its end, whichever it is. */
const closeOf = (socket: Socket): Promise<void> =>
  new Promise(resolve => socket.resume().once('close', () => resolve()));

const tls = certificates('actor');
/** Each kind of listener, at an address that is free. */
const kinds: Readonly<Record<string, (t: ExecutionContext) => string>> = {
  'a Unix listener': t => `unix:${join(folder(t), 's')}`,
  'a TCP listener': () => 'tcp://127.0.0.1:0',
  'a TLS listener': () => 'tls://localhost:0',
};

function each(title: string, check: (t: ExecutionContext, address: string) => Promise<void>): void {
  for (const [name, make] of Object.entries(kinds)) test(`${name}: ${title}`, t => check(t, make(t)));
}

each('K69: says where it really is, and ends once', async (t, address) => {
  const {listener} = await host(t, address, {tls});
  t.regex(listener.address, /^(unix:\/.*s|tcp:\/\/127\.0\.0\.1:[1-9]\d*|tls:\/\/localhost:[1-9]\d*)$/);
  (await reach(listener.address, {tls})).destroy();
  await listener.close();
  await listener.close();
  const error = await t.throwsAsync(reach(listener.address, {tls}), {instanceOf: TransportClosed});
  t.true(error.kind === 'reset' && error.message.includes(listener.address), error.message);
});

each('what has connected stays when the listening ends', async (t, address) => {
  const {listener, next} = await host(t, address, {tls});
  const came = next();
  const near = await reach(listener.address, {tls});
  const far = await came;
  await listener.close();
  near.write([framed(Uint8Array.of(1, 2, 3))]);
  t.is((await openEnd(far).count(1)).length, 1);
  near.destroy();
});

each('K69: an address that is taken is refused, and its owner goes on', async (t, address) => {
  const first = await host(t, address, {tls});
  const error = await t.throwsAsync(host(t, first.listener.address, {tls}), {instanceOf: ResourceExhausted});
  t.is(error.what, 'address');
  t.true(error.message.includes(first.listener.address.replace('localhost', '')) || address.startsWith('tls'));
  await meets(first, tls);
});

each('a signal ends the connecting, before it and in it', async (t, address) => {
  const {listener} = await host(t, address, {tls});
  const reason = new Error('enough');
  const before = await t.throwsAsync(reach(listener.address, {tls, signal: AbortSignal.abort(reason)}), {
    instanceOf: ContextCancelled,
  });
  t.is(before.cause, reason);
  const aborter = new AbortController();
  const connecting = reach(listener.address, {tls, signal: aborter.signal});
  aborter.abort(reason);
  t.is((await t.throwsAsync(connecting, {instanceOf: ContextCancelled})).cause, reason);
});

each('K35: HTTP, a TLS hello and other garbage end it by protocol, and nobody else', async (t, address) => {
  const {listener, next, failures} = await host(t, address, {tls});
  const port = Number(listener.address.split(':').at(-1));
  const knock = (): Socket =>
    address.startsWith('unix:') ? connectNet(listener.address.slice('unix:'.length)) : connectNet(port, '127.0.0.1');
  const hello = Buffer.from('1603010200010001fc0303', 'hex');
  for (const garbage of ['GET / HTTP/1.1\r\nHost: a\r\n\r\n', hello, Buffer.alloc(70_000, 0xff)]) {
    const came = next();
    const socket = knock();
    const heard: Buffer[] = [];
    socket.on('data', chunk => heard.push(chunk)).on('error', () => {});
    const closed = closeOf(socket);
    socket.write(garbage);
    if (address.startsWith('tls:')) {
      // Half a TLS hello is no fault yet: its author leaves.
      if (garbage === hello) socket.end();
    } else {
      const ending = await openEnd(await came).end();
      t.is(ending.kind, 'protocol');
      t.true(ending.cause instanceof ProtocolError);
    }
    await closed;
    t.false(Buffer.concat(heard).includes('HTTP'), 'it echoes');
    if (!address.startsWith('tls:')) t.is(heard.length, 0);
  }
  if (address.startsWith('tls:')) {
    t.is(failures.length, 3);
    t.true(failures.every(error => error instanceof HandshakeRejected && error.reason === 'certificate'));
  }
  await meets({listener, next}, tls);
});

test('G1: a plain address that others can reach is refused, and the text says what to do', async t => {
  for (const address of ['tcp://0.0.0.0:0', 'tcp://[::]:0', 'tcp://192.0.2.1:7000', 'tcp://example.com:7000']) {
    for (const act of [() => host(t, address), () => reach(address)]) {
      const error = await t.throwsAsync(act(), {instanceOf: TypeError});
      t.true(error.message.includes(address) && /tls:\/\/host:port.*cert, key, ca/.test(error.message), error.message);
    }
  }
});

test('G5: a TLS address without certificates is refused, and the text names what is missing', async t => {
  const {ca: _, ...some} = tls;
  for (const act of [
    (options: object) => host(t, 'tls://localhost:0', options),
    (options: object) => reach('tls://localhost:1', options),
  ]) {
    await t.throwsAsync(act({}), {instanceOf: TypeError, message: /without cert,key,ca/});
    await t.throwsAsync(act({tls: some}), {instanceOf: TypeError, message: /without ca/});
  }
});

test('nobody connects to port 0', async t => {
  await t.throwsAsync(reach('tcp://127.0.0.1:0'), {instanceOf: TypeError, message: /port 0/});
});

test('G5: a listener with a certificate of another authority, or for another host, is not talked to', async t => {
  for (const [theirs, why] of [
    [certificates('stranger'), /self.signed/],
    [certificates('elsewhere'), /does not match|altnames/],
  ] as const) {
    const {listener} = await host(t, 'tls://127.0.0.1:0', {tls: theirs});
    const error = await t.throwsAsync(reach(listener.address, {tls}), {instanceOf: HandshakeRejected, message: why});
    t.is(error.reason, 'certificate');
    t.true(error.message.includes(listener.address));
  }
});

test('G5: who connects with a certificate of another authority, or none, is not let in', async t => {
  const {listener, accepted, failure} = await host(t, 'tls://127.0.0.1:0', {tls});
  const {cert, key} = certificates('stranger');
  const near = await reach(listener.address, {tls: {cert, key, ca: tls.ca}});
  t.true(['reset', 'eof'].includes((await openEnd(near).end()).kind));
  const error = await failure();
  t.true(error instanceof HandshakeRejected && error.reason === 'certificate');
  t.is(accepted.length, 0);
});

test('G5: nothing older than TLS 1.3 is spoken', async t => {
  const {connect} = await import('node:tls');
  const {listener, failure} = await host(t, 'tls://127.0.0.1:0', {tls});
  const old = connect({
    port: Number(listener.address.split(':').at(-1)),
    ...tls,
    ca: tls.ca as Buffer,
    maxVersion: 'TLSv1.2',
  });
  await t.throwsAsync(once(old, 'secureConnect'), {message: /protocol version/i});
  t.regex((await failure()).message, /protocol/i);
});

test('K37: who does not go on with its TLS hello is sent away', async t => {
  const {listener, failure} = await host(t, 'tls://127.0.0.1:0', {tls, handshakeMs: 50});
  const silent = connectNet(Number(listener.address.split(':').at(-1)), '127.0.0.1').on('error', () => {});
  await Promise.all([closeOf(silent), failure()]);
  t.regex((await failure()).message, /timeout/i);
});

test('K37: of those that keep silent before TLS, 64 may wait; one more takes the place of the oldest', async t => {
  const {listener, failures} = await host(t, 'tls://127.0.0.1:0', {tls, handshakeMs: 60_000});
  const port = Number(listener.address.split(':').at(-1));
  const silent: Socket[] = [];
  for (let i = 0; i < 64; i++) {
    const socket = connectNet(port, '127.0.0.1').on('error', () => {});
    await once(socket, 'connect');
    silent.push(socket);
  }
  t.is(failures.length, 0);
  const closed = closeOf(silent[0] as Socket);
  const near = await reach(listener.address, {tls});
  await closed;
  t.true(silent.slice(1).every(socket => !socket.destroyed));
  near.destroy();
  for (const socket of silent) socket.destroy();
});

test('nobody at an address is told at once, by a name that says where', async t => {
  const address = `unix:${join(folder(t), 'nobody')}`;
  const error = await t.throwsAsync(reach(address), {instanceOf: TransportClosed});
  t.true(error.message.includes(address) && error.message.includes('ENOENT'));
  t.is(error.kind, 'reset');
});

test('one that never answers is given up in time', async t => {
  // It takes the connection and says nothing: TLS waits.
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const {port} = server.address() as {port: number};
  const error = await t.throwsAsync(reach(`tls://127.0.0.1:${port}`, {tls, timeout: 30}), {
    instanceOf: TransportClosed,
  });
  t.is(error.kind, 'heartbeat');
  t.regex(error.message, /within 30 ms/);
  server.close();
});

test('G2: nobody else may connect to a socket', async t => {
  const path = join(folder(t), 's');
  await host(t, `unix:${path}`);
  t.is(lstatSync(path).mode & 0o777, 0o600);
});

test('K67: a path that the system would cut is refused, one that just fits is not', async t => {
  const base = folder(t);
  const longest = join(base, 'n'.repeat(maxPathBytes - Buffer.byteLength(base) - 1));
  const {listener} = await host(t, `unix:${longest}`);
  (await reach(listener.address)).destroy();
  t.deepEqual(readdirSync(base), [longest.slice(base.length + 1)]);
  const longer = {kind: 'unix', path: `${longest}n`} as const;
  await t.throwsAsync(listen(longer, {maxFrameBytes, accept: () => {}}), {instanceOf: TypeError, message: /too long/});
  await t.throwsAsync(connectTo(longer, {maxFrameBytes, timeout: 1_000}), {instanceOf: TypeError, message: /too long/});
});

/** A dead socket: its process has ended without a word. */
async function deadSocket(path: string): Promise<void> {
  const source = `require('net').createServer().listen(${JSON.stringify(path)}, () => console.log('up'))`;
  const child = spawn(process.execPath, ['-e', source], {stdio: ['ignore', 'pipe', 'inherit']});
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
}

test('K68: the socket of a dead process makes way, that of a live one does not', async t => {
  const path = join(folder(t), 's');
  await deadSocket(path);
  t.true(existsSync(path));
  const {listener, next} = await host(t, `unix:${path}`);
  await meets({listener, next});
  t.deepEqual(readdirSync(join(path, '..')), ['s']);
});

test('K68: a file, a folder or a link instead of the socket is refused and left there', async t => {
  const base = folder(t);
  const [file, link, inside] = [join(base, 'file'), join(base, 'link'), join(base, 'inside')];
  writeFileSync(file, 'mine');
  symlinkSync(join(base, 'missing'), link);
  mkdirSync(inside);
  for (const [path, why] of [
    [file, /a file is in its place/],
    [link, /a symbolic link is in its place/],
    [inside, /a folder is in its place/],
  ] as const)
    await t.throwsAsync(host(t, `unix:${path}`), {instanceOf: ResourceExhausted, message: why});
  t.is(readFileSync(file, 'utf8'), 'mine');
  t.deepEqual(readdirSync(base).sort(), ['file', 'inside', 'link']);
});

test('K66: a folder that is not there, or cannot be written, is named', async t => {
  const path = join(folder(t), 'missing', 's');
  await t.throwsAsync(host(t, `unix:${path}`), {message: /missing/});
});

test('a listener that ends removes its own path, and leaves that of another', async t => {
  const path = join(folder(t), 's');
  const first = await host(t, `unix:${path}`);
  await first.listener.close();
  t.false(existsSync(path));
  const second = await host(t, `unix:${path}`);
  unlinkSync(path);
  const third = await host(t, `unix:${path}`);
  await second.listener.close();
  // Node removes what a server has bound only once the handle is closed.
  await new Promise(resolve => setImmediate(resolve));
  await meets(third);
});

test('K40: a path that is deleted under a listener leaves what has connected; others are told that it is gone', async t => {
  const path = join(folder(t), 's');
  const {listener, next} = await host(t, `unix:${path}`);
  const came = next();
  const near = await reach(listener.address);
  const atFar = openEnd(await came);
  unlinkSync(path);
  near.write([framed(Uint8Array.of(1))]);
  t.is((await atFar.count(1)).length, 1);
  await t.throwsAsync(reach(listener.address), {instanceOf: TransportClosed, message: /ENOENT/});
  await t.notThrowsAsync(listener.close());
  near.destroy();
});

test('a listener alone does not keep the process running', async t => {
  const lib = new URL('../../lib/transport/listener.js', import.meta.url).href;
  for (const where of [
    {kind: 'unix', path: join(folder(t), 's')},
    {kind: 'tcp', host: '127.0.0.1', port: 0},
  ]) {
    const source = `
      import {listen} from ${JSON.stringify(lib)};
      console.log((await listen(${JSON.stringify(where)}, {maxFrameBytes: 1000, accept() {}})).address);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.teardown(() => child.kill('SIGKILL'));
    const [[said], [code]] = await Promise.all([once(child.stdout, 'data'), once(child, 'exit')]);
    t.true(String(said).startsWith(where.kind) && code === 0);
  }
});

test('K64: who has no descriptor left cannot connect: ResourceExhausted fd', async t => {
  const path = join(folder(t), 's');
  await host(t, `unix:${path}`);
  const fixture = fileURLToPath(new URL('../fixtures/full-of-files.js', import.meta.url));
  const child = spawn('/bin/sh', ['-c', 'ulimit -n 64; exec "$0" "$@"', process.execPath, fixture, path]);
  t.teardown(() => child.kill('SIGKILL'));
  child.stderr.pipe(process.stderr);
  const lines = createInterface({input: child.stdout})[Symbol.asyncIterator]();
  t.is((await lines.next()).value, 'ERR_RESOURCE fd');
  t.is((await lines.next()).value, 'connected');
});

test('T12: what was written reaches the other end though the process exits at once', async t => {
  const path = join(folder(t), 's');
  const {next} = await host(t, `unix:${path}`);
  const came = next();
  const lib = (name: string): string => JSON.stringify(new URL(`../../lib/transport/${name}.js`, import.meta.url).href);
  const source = `
    import {connectTo} from ${lib('connect')};
    const road = await connectTo({kind: 'unix', path: ${JSON.stringify(path)}}, {maxFrameBytes: 1e6, timeout: 10_000});
    road.open({frame() {}, drained() {}, ended() {}});
    process.on('exit', () => road.drainSync(5_000));
    for (let i = 0; i < 100; i++) road.write([Uint8Array.of(160, 134, 1, 0), new Uint8Array(100_000)]);
    process.exit();`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], {stdio: 'inherit'});
  t.teardown(() => child.kill('SIGKILL'));
  const end = openEnd(await came);
  t.is((await end.end()).kind, 'eof');
  t.is(end.frames.length, 100);
  t.true(end.frames.every(({length}) => length === 100_000));
});

test('a fault of accepting is reported, and the listener goes on', async t => {
  const servers: Server[] = [];
  const listenBefore = (await import('node:net')).Server.prototype.listen;
  const prototype = (await import('node:net')).Server.prototype;
  prototype.listen = function (this: Server, ...args: never[]): Server {
    servers.push(this);
    return (listenBefore as (...args: never[]) => Server).apply(this, args);
  } as Server['listen'];
  const {listener, failure, next} = await host(t, `unix:${join(folder(t), 's')}`);
  prototype.listen = listenBefore;
  // libuv has a descriptor in reserve for this case, so that the error itself cannot be had on purpose.
  servers[0]?.emit('error', Object.assign(new Error('accept EMFILE'), {code: 'EMFILE', syscall: 'accept'}));
  const error = await failure();
  t.true(error instanceof ResourceExhausted && error.what === 'fd' && error.message.includes(listener.address));
  await meets({listener, next});
});
