// Programs that find one another over a network: joined to one registrar, refused, killed, and what is left of them.
import {once} from 'node:events';
import {mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {createServer as createHttpServer} from 'node:http';
import {type AddressInfo, connect as connectNet, createServer, type Server} from 'node:net';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import {newActorId} from '../../lib/base/actor-id.js';
import {
  type Context,
  findActor,
  HandshakeRejected,
  listActors,
  type Nursery,
  openNursery,
  type RootOptions,
  TransportClosed,
  waitForActor,
} from '../../lib/index.js';
import {messagePack} from '../../lib/msg/codec.js';
import {actorTuple, Kind, protocolMagic, protocolVersion} from '../../lib/msg/types.js';
import {errorOf} from '../conformance/over.js';
import {askByName, echo, expose, nameHere, namesSeen} from '../fixtures/town.js';
import {eventually} from '../kit/eventually.js';
import {patient} from '../kit/patient.js';
import {canInspect, untilGone} from '../kit/processes.js';
import {type Program, startProgram} from '../kit/program.js';
import {spawning} from '../kit/spawning.js';
import {certificates, framed} from '../transport/ends.js';
import {folder} from './linked.js';

const test = spawning({takesLong: true});

const secret = 'what both of these programs know';
const anyPort = 'tcp://127.0.0.1:0';

interface Town {
  readonly program: Program;
  /** Its address on the network, once it has said that it is there. */
  address(): Promise<string>;
}

/** Its options go by a file: what is in arguments or surroundings, others can read. */
function town(t: ExecutionContext, options: RootOptions & {readonly name: string; readonly alone?: boolean}): Town {
  const file = join(folder(t), `${options.name}.json`);
  writeFileSync(file, JSON.stringify({secret, ...patient, ...options}), {mode: 0o600});
  const program = startProgram(t, 'town', {args: [file], env: {XDG_RUNTIME_DIR: runtimeFolder(t)}});
  return {
    program,
    address: async () => (await program.next<string[]>()).find(text => !text.startsWith('unix:')) as string,
  };
}

function runtimeFolder(t: ExecutionContext): string {
  const path = join(folder(t), 'run');
  mkdirSync(path, {recursive: true, mode: 0o700});
  return path;
}

/** The program of the test itself, with a child. */
function here(options: RootOptions, body: (nursery: Nursery) => Promise<unknown>): Promise<void> {
  return openNursery(
    async nursery => {
      await nursery.startActor('here child', {expose});
      await body(nursery);
    },
    {name: 'here', secret, expose, ...patient, ...options},
  );
}

const names = async (): Promise<string[]> => (await listActors()).map(({name}) => name).sort();

async function namesAre(t: ExecutionContext, ...wanted: string[]): Promise<void> {
  let now: readonly string[] = [];
  const look = async (): Promise<boolean> => {
    now = await names().catch(() => []);
    return now.join() === wanted.join();
  };
  await eventually(look, `the list ${wanted}`, {pollMs: 10}).catch(() => {});
  t.deepEqual(now, wanted);
}

async function speaks(t: ExecutionContext, context: Context<number, number, string, void>): Promise<void> {
  const stream = context.openStream();
  const reader = stream[Symbol.asyncIterator]();
  for (let i = 0; i < 3; i++) {
    await stream.send(i);
    t.deepEqual(await reader.next(), {done: false, value: i});
  }
}

const networks: Readonly<Record<string, RootOptions>> = {
  'TCP on loopback, with a secret': {listen: [anyPort]},
  'TLS, with certificates and a secret': {listen: ['tls://127.0.0.1:0'], tls: certificates('actor')},
  'TLS, with certificates alone': {
    listen: ['tls://127.0.0.1:0'],
    tls: certificates('actor'),
    secret: undefined as never,
  },
};
for (const [network, {listen = [], tls, ...rest}] of Object.entries(networks))
  test(`D1, D3: two programs joined by a registrar find each other's actors, and call them, both ways [${network}]`, async t => {
    const options = {listen, ...rest, ...(tls && {tls: textOf(tls)})};
    const there = town(t, {name: 'there', ...options});
    const registry = await there.address();
    await here({...options, registry}, async () => {
      const all = ['here', 'here child', 'there', 'there child'];
      t.deepEqual(await names(), all);
      for (const name of ['there', 'there child']) {
        await using found = (await findActor(name)) as NonNullable<Awaited<ReturnType<typeof findActor>>>;
        t.is(found.actor.name, name);
        t.is(await found.run(nameHere), name);
        t.deepEqual(await found.run(namesSeen), all);
        for (const other of all) t.is(await found.run(askByName, other), other);
        await speaks(t, await found.with({onExit: 'cancel'}).openContext(echo));
      }
      await using child = await waitForActor('here child');
      t.is(await child.run(askByName, 'there child'), 'there child');
      t.is(await findActor('nobody'), undefined);
    });
    t.is(there.program.stderr, '', 'nobody came who was refused');
  });

const textOf = (tls: NonNullable<RootOptions['tls']>): NonNullable<RootOptions['tls']> =>
  Object.fromEntries(Object.entries(tls).map(([key, value]) => [key, String(value)])) as never;

test('K16, K17: a registrar that is killed takes nothing with it but its list; a new one at its address hears of everybody', async t => {
  const first = town(t, {name: 'registrar', listen: [anyPort]});
  const registry = await first.address();
  const other = town(t, {name: 'other', listen: [anyPort], registry});
  await other.address();
  await here({listen: [anyPort], registry, logLevel: 'silent'}, async () => {
    await using found = await waitForActor('other child');
    const context = await found.with({onExit: 'cancel'}).openContext(echo);
    const stream = context.openStream();
    const reader = stream[Symbol.asyncIterator]();
    await stream.send(1);
    t.is((await reader.next()).value, 1);
    const gone = await waitForActor('registrar');
    const ended = gone.ended;
    first.program.kill('SIGKILL');
    await ended;
    for (const lookup of [names, () => findActor('other'), () => waitForActor('other')])
      await t.throwsAsync(lookup(), {instanceOf: TransportClosed, message: /registrar at tcp:/});
    // Nobody whom it led to is lost.
    await stream.send(2);
    t.is((await reader.next()).value, 2);
    t.is(await found.run(nameHere), 'other child');
    const second = town(t, {name: 'registrar', listen: [registry]});
    t.is(await second.address(), registry);
    const all = ['here', 'here child', 'other', 'other child', 'registrar', 'registrar child'];
    await namesAre(t, ...all);
    await stream.send(3);
    t.is((await reader.next()).value, 3);
    await using child = await waitForActor('registrar child');
    for (const name of all) t.is(await child.run(askByName, name), name);
  });
});

test('K17: a program that only waits for others goes on waiting, also when its registrar is gone', async t => {
  const first = town(t, {name: 'registrar', listen: [anyPort], alone: true});
  const registry = await first.address();
  const other = town(t, {name: 'other', registry, alone: true});
  await other.address();
  first.program.kill('SIGKILL');
  await other.program.stderrUntil(/is gone/);
  const second = town(t, {name: 'registrar', listen: [registry], alone: true});
  await second.address();
  await here({registry}, () => namesAre(t, 'here', 'here child', 'other', 'registrar'));
  for (const {program} of [other, second]) {
    program.kill('SIGTERM');
    t.is((await program.exited).code, 143);
  }
});

test('C9, D2: a program that is killed is an end with a type for each who talks to it, and nobody finds it any more', async t => {
  const registry = await town(t, {name: 'registrar', listen: [anyPort]}).address();
  const other = town(t, {name: 'other', registry, listen: [anyPort]});
  await other.address();
  await here({registry, logLevel: 'silent', listen: [anyPort]}, async () => {
    await using root = await waitForActor('other');
    await using child = await waitForActor('other child');
    const [one, two] = [
      await root.with({onExit: 'cancel'}).openContext(echo),
      await child.with({onExit: 'cancel'}).openContext(echo),
    ];
    const ends = [errorOf(one.result()), errorOf(two.result())];
    other.program.kill('SIGKILL');
    for (const error of await Promise.all(ends)) t.true(error instanceof TransportClosed, String(error));
    await namesAre(t, 'here', 'here child', 'registrar', 'registrar child');
    t.is(await findActor('other'), undefined);
    t.is(await findActor('other child'), undefined);
    await t.throwsAsync(root.run(nameHere), {instanceOf: TransportClosed});
    const again = town(t, {name: 'other', registry, listen: [anyPort]});
    await again.address();
    await using anew = await waitForActor('other child');
    t.is(await anew.run(nameHere), 'other child');
  });
});

/** A server that is no registrar. */
async function impostor(t: ExecutionContext, server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => void server.close());
  return `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A registrar of the next version. */
function nextVersion(): Server {
  const codec = messagePack;
  const hello = codec.encode([protocolMagic, protocolVersion + 1, actorTuple(newActorId('next')), new Uint8Array(32)]);
  return createServer(socket => {
    socket.on('error', () => {}).once('data', () => socket.write(framed(Uint8Array.of(Kind.Hello, 0, 0, ...hello))));
  });
}

const short = {timeouts: {handshake: 500}} as const;
const refusals: Readonly<
  Record<string, {options: (t: ExecutionContext) => RootOptions | Promise<RootOptions>; error: RegExp}>
> = {
  'another secret': {
    options: async t => ({
      registry: await town(t, {name: 'registrar', listen: [anyPort]}).address(),
      secret: 'something else that is long enough',
    }),
    error: /^HandshakeRejected: .*(secret)/,
  },
  'a registrar of another version': {
    options: async t => ({registry: await impostor(t, nextVersion())}),
    error: new RegExp(`^HandshakeRejected: .*version ${protocolVersion + 1} .*version ${protocolVersion}:`),
  },
  'a web server in its place': {
    options: async t => ({
      registry: await impostor(
        t,
        createHttpServer((_, response) => void response.end('hello')),
      ),
      ...short,
    }),
    error: /^HandshakeRejected: .*(does not speak the language)/,
  },
  'certificates of another authority': {
    options: async t => ({
      registry: await town(t, {
        name: 'registrar',
        listen: ['tls://127.0.0.1:0'],
        tls: textOf(certificates('actor')),
      }).address(),
      tls: textOf({...certificates('stranger'), ca: certificates('actor').ca}),
    }),
    error: /^(?:HandshakeRejected|TransportClosed): .*certificate/,
  },
  'nobody at the address': {
    options: () => ({registry: 'tcp://127.0.0.1:1'}),
    error: /^TransportClosed: .*127\.0\.0\.1:1.*ECONNREFUSED/,
  },
  'an address that others could reach in the clear': {
    options: () => ({listen: ['tcp://0.0.0.0:0']}),
    error: /^TypeError: tcp:\/\/0\.0\.0\.0:0 is refused: others could reach it/m,
  },
  'no secret': {
    options: () => ({registry: 'tcp://127.0.0.1:1', secret: undefined as never}),
    error: /^TypeError: .*needs a secret/m,
  },
};
for (const [what, {options, error}] of Object.entries(refusals))
  test(`G3, K36: a program that cannot join says why, once, and exits with 1 [${what}]`, async t => {
    const {program} = town(t, {name: 'joins', logLevel: 'silent', ...(await options(t))});
    t.deepEqual(await program.exited, {code: 1, signal: null});
    t.regex(program.stderr, error);
    t.is(program.stderr.match(/^\w+( \[\w+\])?: /gm)?.length, 1, program.stderr);
    t.is(program.stdout, '');
  });

test('a nursery that cannot join rejects with what keeps it out, and leaves nothing', async t => {
  const registry = await town(t, {name: 'registrar', listen: [anyPort]}).address();
  const joining = openNursery(async () => t.fail(), {registry, secret: 'something else that is long enough'});
  const error = await t.throwsAsync(joining, {instanceOf: HandshakeRejected});
  t.is(error.reason, 'secret');
  await t.throwsAsync(
    openNursery(async () => t.fail(), {registry, listen: [registry], secret}),
    {message: /somebody listens there already/},
  );
  await here({registry}, async () =>
    t.deepEqual(await names(), ['here', 'here child', 'registrar', 'registrar child']),
  );
});

test('K35: a web browser that comes to a program is sent away without a word, and the program goes on', async t => {
  const {program, address} = town(t, {name: 'registrar', listen: [anyPort]});
  const registry = await address();
  const socket = connectNet(Number(registry.split(':').at(-1)), '127.0.0.1');
  const heard: Buffer[] = [];
  socket.on('data', chunk => heard.push(chunk)).on('error', () => {});
  socket.write('GET / HTTP/1.1\r\nHost: \x1b[31mhere\r\n\r\n');
  await once(socket, 'close');
  t.is(heard.length, 0);
  t.regex(await program.stderrUntil(/\n/), /warn: a connection at .*does not speak the language/);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  t.notRegex(program.stderr, /\x1b/);
  await here({registry}, async () => t.true((await names()).includes('registrar child')));
});

test('no folder and no socket is left when the programs have ended', async t => {
  const registrar = town(t, {name: 'registrar', listen: [anyPort]});
  const registry = await registrar.address();
  const other = town(t, {name: 'other', registry, listen: [anyPort]});
  await other.address();
  const folders = (): string[] => readdirSync(join(runtimeFolder(t), 'rxtractor'));
  await here({registry}, async () => {
    for (const name of ['registrar', 'other'])
      for (const asked of ['registrar child', 'other child']) {
        await using found = await waitForActor(name);
        t.is(await found.run(askByName, asked), asked);
      }
    t.is(folders().length, 2);
  });
  for (const {program} of [other, registrar]) {
    program.kill('SIGTERM');
    t.is((await program.exited).code, 143, program.stderr);
  }
  t.deepEqual(folders(), []);
});

const whereProc = canInspect ? test : test.skip;
whereProc(
  `G4: the secret stands in no arguments, no surroundings and no log${canInspect ? '' : ' (skipped: there is no /proc)'}`,
  async t => {
    const logLevel = 'transport';
    const registrar = town(t, {name: 'registrar', listen: [anyPort], logLevel});
    const registry = await registrar.address();
    const other = town(t, {name: 'other', registry, listen: [anyPort], logLevel});
    await other.address();
    const wrong = town(t, {name: 'wrong', registry, logLevel, secret: `${secret}, or so`});
    await wrong.program.exited;
    await here({registry, listen: [anyPort], logLevel: 'silent'}, async () => {
      await using found = await waitForActor('other child');
      t.is(await found.run(askByName, 'registrar child'), 'registrar child');
      const forms = (['utf8', 'hex', 'base64'] as const).map(form => Buffer.from(secret).toString(form).slice(0, 24));
      const leaks = (text: string): boolean => forms.some(form => text.includes(form));
      t.true(leaks(`… ${secret} …`));
      let looked = 0;
      for (const pid of readdirSync('/proc').filter(name => /^\d+$/.test(name)))
        for (const file of ['environ', 'cmdline']) {
          let text = '';
          try {
            text = readFileSync(`/proc/${pid}/${file}`, 'latin1');
          } catch {}
          if (text.includes(String(process.pid)) || text.includes('town')) looked++;
          t.false(leaks(text), `${file} of ${pid}`);
        }
      t.true(looked >= 2);
      for (const {program} of [registrar, other, wrong]) {
        t.true(program.stderr.length > 0);
        t.false(leaks(program.stderr), program.stderr);
      }
    });
  },
);

test('a program that has joined ends when it is told to, though its registrar is stopped', async t => {
  const registrar = town(t, {name: 'registrar', listen: [anyPort]});
  const other = town(t, {name: 'other', registry: await registrar.address(), listen: [anyPort]});
  await other.address();
  registrar.program.kill('SIGSTOP');
  other.program.kill('SIGTERM');
  t.is((await other.program.exited).code, 143, other.program.stderr);
  t.deepEqual(await untilGone([other.program.pid]), []);
});
