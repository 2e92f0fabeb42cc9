// What a spec waits for in a program that ends without it: the wait ends too, and says what the program has said.
import {type Program, startNode} from './program.js';
import {spawning} from './spawning.js';

const test = spawning();

const waits: Record<string, (program: Program) => Promise<unknown>> = {
  'for a line': program => program.next(),
  'for a text in stdout': program => program.stdoutUntil(/never/),
  'for a text in stderr': program => program.stderrUntil(/never/),
  'for what it brings about': program => program.until(() => undefined, 'a sign'),
};

for (const [what, wait] of Object.entries(waits))
  test(`a wait ${what} fails when the program has ended`, async t => {
    const ends = ['process.exitCode = 3', 'process.kill(process.pid, "SIGKILL")'];
    const programs = ends.map(end => startNode(t, ['-e', `console.error("the reason"); ${end}`]));
    const [ended, killed] = await Promise.all(programs.map(program => t.throwsAsync(wait(program))));
    t.regex(ended?.message ?? '', /the program ended \(3\) without .*; its stderr:\nthe reason\n$/s);
    t.regex(killed?.message ?? '', /the program ended \(SIGKILL\) without .*; its stderr:\nthe reason\n$/s);
  });

test('a program that cannot begin counts as ended', async t => {
  const program = startNode(t, [], {}, ['/no/such/command']);
  await t.throwsAsync(program.next(), {message: /ENOENT/});
});
