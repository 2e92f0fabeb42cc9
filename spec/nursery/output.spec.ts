// The lines of an actor with `stdio: 'pipe'` come out of its portal, and nowhere else.
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import {filter, firstValueFrom, lastValueFrom, toArray} from 'rxjs';
import {findActor, type Nursery, type OutputLine, openNursery, type Portal, SpawnFailed} from '../../lib/index.js';
import {complain, leaveDaemon, print, printBelow, printManyLines} from '../fixtures/printers.js';
import {exit} from '../fixtures/tasks.js';
import {patient} from '../kit/patient.js';
import {startProgram} from '../kit/program.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({takesLong: true});

const expose = [print, complain, printManyLines, printBelow, leaveDaemon];

/** All that an actor prints, to its end. */
const everything = (portal: Portal): Promise<OutputLine[]> => lastValueFrom(portal.output.pipe(toArray()));

for (const backend of ['process', 'thread'] as const) {
  const piped = (nursery: Nursery): Promise<Portal> => nursery.startActor('piped', {backend, expose, stdio: 'pipe'});
  const each = (title: string, run: (t: ExecutionContext, nursery: Nursery) => Promise<unknown>): void =>
    test(`${title}: ${backend}`, t => openNursery(nursery => run(t, nursery), patient).then(() => {}));

  each(
    'P3: lines of both outputs come out of portal.output, and the end of the actor completes it',
    async (t, nursery) => {
      const portal = await piped(nursery);
      const all = everything(portal);
      await portal.run(print, 'one\nt', 'wo\n', '\n', 'no end');
      await portal.run(complain, 'bad\n');
      await portal.cancelActor();
      const of = (stream: string): string[] => lines.filter(line => line.stream === stream).map(({line}) => line);
      const lines = await all;
      t.deepEqual(of('stdout'), ['one', 'two', '', 'no end']);
      t.deepEqual(of('stderr'), ['bad']);
    },
  );

  each(
    'P3: what was printed before the first subscription is kept, also to the end of the actor',
    async (t, nursery) => {
      const portal = await piped(nursery);
      await portal.run(print, 'early\n');
      await portal.cancelActor();
      t.deepEqual(await everything(portal), [{stream: 'stdout', line: 'early'}]);
      t.deepEqual(await everything(portal), []);
    },
  );

  each('P3: a line of more than 64 KiB comes in parts, and no character is cut', async (t, nursery) => {
    const portal = await piped(nursery);
    const all = everything(portal);
    const line = `.${'ä'.repeat(100_000)}`;
    await portal.run(print, `${line}\n`, 'short\n');
    await portal.cancelActor();
    const parts = (await all).map(part => part.line);
    t.is(parts.pop(), 'short');
    t.is(parts.join(''), line);
    t.true(parts.every(part => Buffer.byteLength(part) <= 64 * 1024));
  });

  each('P3: what nobody reads holds up nothing', async (t, nursery) => {
    const portal = await piped(nursery);
    await portal.run(printManyLines, 100_000);
    await portal.cancelActor();
    const kept = await everything(portal);
    t.is(kept.at(-1)?.line, 'line 99999');
    t.true(kept.reduce((bytes, {line}) => bytes + line.length, 0) <= 64 * 1024);
  });

  each('P3: a reader may leave, and the next one sees what comes then', async (t, nursery) => {
    const portal = await piped(nursery);
    const line = (text: string): Promise<OutputLine> =>
      firstValueFrom(portal.output.pipe(filter(({line}) => line === text)));
    const ready = line('ready');
    await portal.run(print, 'ready\n');
    t.is((await ready).stream, 'stdout');
    const go = line('go');
    await portal.run(print, 'go\n');
    t.is((await go).stream, 'stdout');
  });

  test(`P3: what is piped is printed nowhere else, in debug mode either: ${backend}`, async t => {
    for (const debug of [false, true]) {
      const program = startProgram(t, 'reads-output', {args: [backend, String(debug)]});
      t.deepEqual((await program.next<string[]>()).sort(), ['below err', 'below out', 'own err', 'own out']);
      t.deepEqual(await program.exited, {code: 0, signal: null});
      t.is(program.stderr, '');
      t.is(program.stdout.trimEnd().split('\n').length, 1);
    }
  });
}

test('P3: portal.output of an actor that is not piped, or not a child of this one, says how to pipe it', t =>
  openNursery(async nursery => {
    const loud = await nursery.startActor('loud', {expose});
    for (const portal of [loud, await findActor('root')])
      await t.throwsAsync(lastValueFrom((portal as Portal).output), {
        instanceOf: TypeError,
        message: /the output of (loud|root) .*stdio: 'pipe'/,
      });
  }, patient));

test('P3: output of an actor that cannot be started again completes', async t => {
  const cwd = mkdtempSync(join(tmpdir(), 'rxtractor-spec-'));
  const restart = {times: 1, delay: 0};
  const lines = await openNursery(async nursery => {
    const portal = await nursery.startActor('lasting', {expose: [...expose, exit], stdio: 'pipe', cwd, restart});
    const all = everything(portal);
    await portal.run(print, 'first\n');
    rmSync(cwd, {recursive: true});
    await t.throwsAsync(portal.run(exit, 3));
    return all;
  }, patient).catch(error => error);
  // The start that has failed fails the nursery too.
  t.true(lines instanceof SpawnFailed, String(lines));
});

test('P3: output completes with its actor, also while a process that it has left behind holds the pipe', async t => {
  await openNursery(async nursery => {
    const portal = await nursery.startActor('father', {expose, stdio: 'pipe'});
    const all = everything(portal);
    const pid = await portal.run(leaveDaemon, 60);
    t.teardown(() => process.kill(pid));
    await portal.run(complain, 'no end');
    await portal.cancelActor();
    t.deepEqual(await all, [{stream: 'stderr', line: 'no end'}]);
  }, patient);
});

test('P3: a process that an actor has left behind does not keep the program running', async t => {
  const program = startProgram(t, 'leaves-daemon');
  const pid = await program.next<number>();
  t.teardown(() => process.kill(pid));
  // Its stderr is the pipe of the program too, so the end of the process shows, and not that of its output.
  const exit = new Promise(resolve => program.process.once('exit', (code, signal) => resolve({code, signal})));
  t.deepEqual(await exit, {code: 0, signal: null});
});
