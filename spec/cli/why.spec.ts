// `rxtractor why` on real programs in which something is planted: it names exactly that.
import {rxtractor, startShown} from '../kit/command.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({takesLong: true});

const none = 'no deadlock is suspected\n';

/** The output of `why` about each program, and the exit code with which it ends. Process ids are left out. */
const planted: Record<string, readonly [code: number, text: string]> = {
  credit: [
    2,
    `suspected deadlock: these wait for one another
  a waits until room is made by pours in b
  pours in b waits until room is made by a

`,
  ],
  result: [
    2,
    `suspected deadlock: these wait for one another
  a waits for the result of listens in b
  listens in b waits for values of a

`,
  ],
  calls: [
    0,
    `a chain of 3 tasks
  a waits for the result of relays in b
  relays in b waits for the result of never in a
  never in a waits for nothing that the runtime knows of

${none}`,
  ],
  unread: [
    0,
    `who does not take what is sent to them
  a holds 100 % of all waiting

${none}`,
  ],
};

/** Without what differs from run to run, and from edit to edit. */
const plain = (text: string): string =>
  text.replaceAll(/ \(pid \d+\)|,[a-z ]* for \d+ s/g, '').replaceAll(/the function marked at [\d:]+/g, 'never');

for (const [name, [code, text]] of Object.entries(planted))
  test(`why names what is planted, and nothing else: ${name}`, async t => {
    const {pid} = await startShown(t, 'planted', [name]);
    const said = await rxtractor(['why', String(pid)]);
    t.is(plain(said.stdout), text, said.stderr);
    t.is(said.code, code);
  });
