// Things that a process of the tree does not give away: descriptors, secrets, an inspector, lines of a terminal (G4, G12, G14).
import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {findActor, openNursery} from '../../lib/index.js';
import {descriptorsBelow, descriptorsOfChild} from '../fixtures/surroundings.js';
import {expose, nameHere} from '../fixtures/town.js';
import {folderOf} from '../kit/folder.js';
import {patient} from '../kit/patient.js';
import {actorProcesses, canInspect} from '../kit/processes.js';
import {startNode, startProgram} from '../kit/program.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({takesLong: true});
const inspects = canInspect ? test : test.skip;

inspects(
  'G4: what a user starts in an actor has no descriptor of the runtime: no channel, no link, no terminal',
  async t => {
    await openNursery(async nursery => {
      const asked = {expose: [descriptorsBelow, ...expose]};
      const [one] = await Promise.all([nursery.startActor('one', asked), nursery.startActor('two', asked)]);
      // A link between the two: sockets that were not there at the start.
      await using two = await findActor('two');
      await two?.run(nameHere);
      // Descriptors that this process was given by its own starter are passed on, and no others.
      t.deepEqual(await one.run(descriptorsBelow), descriptorsOfChild());
    }, patient);
  },
);

inspects('G4: the secret of a program is in the arguments and the environment of no process of it', async t => {
  const secret = 'the secret that nobody may read';
  const file = join(folderOf(t), 'options.json');
  writeFileSync(file, JSON.stringify({name: 'town', secret, listen: ['tcp://127.0.0.1:0'], ...patient}), {mode: 0o600});
  const program = startProgram(t, 'town', {args: [file]});
  await program.next();
  const below = actorProcesses().filter(({parent}) => parent === program.pid);
  t.is(below.length, 1);
  const forms = ['utf8', 'base64', 'base64url', 'hex'] as const;
  for (const pid of [program.pid, ...below.map(one => one.pid)])
    for (const what of ['cmdline', 'environ']) {
      const text = readFileSync(`/proc/${pid}/${what}`, 'utf8');
      t.true(text.includes(what === 'environ' ? 'PATH=' : 'node'), 'it can be read');
      for (const form of forms) t.false(text.includes(Buffer.from(secret).toString(form)), `${what} has it as ${form}`);
    }
});

test('P4, G12: SIGUSR1 opens an inspector neither in an actor nor in a root under main()', async t => {
  const file = join(folderOf(t), 'go');
  const program = startProgram(t, 'unwatched', {args: [file]});
  const pids = await program.next<number[]>();
  // A process of Node alone does open one: when it has, the others have had their time.
  const plain = startNode(t, ['--inspect-port=0', '-e', 'console.log(1); setInterval(() => {}, 1e6)']);
  await plain.next();
  for (const pid of [...pids, plain.pid]) process.kill(pid, 'SIGUSR1');
  await plain.stderrUntil(/Debugger listening/);
  writeFileSync(file, '');
  t.deepEqual(await program.next(), [null, null]);
  t.deepEqual(await program.exited, {code: 0, signal: null}, program.stderr);
  t.is(program.stderr, '');
});

for (const backend of ['process', 'thread'] as const)
  test(`G14: the name of an actor cannot command the terminal, nor forge a line, where it marks output: ${backend}`, async t => {
    const program = startProgram(t, 'marked', {args: [backend]});
    t.deepEqual(await program.exited, {code: 0, signal: null}, program.stderr);
    t.regex(program.stdout, /^a\\x1b\]0;title\\x07\\nroot\(1\)\\t\\u202e\((thread )?\d+\) said\n$/);
  });
