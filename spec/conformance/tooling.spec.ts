// tests/devx/test_tooling.py: a tree that hangs says what it hangs on.
import {keys, PtyProgram} from '../kit/screen.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({takesLong: true});

test('tooling/test_shield_pause: SIGUSR2 shows the tree and what it waits for while a child is stuck under a shield, and Ctrl-C ends it by force (P4, P1, T10)', async t => {
  const program = new PtyProgram(t, 'stuck-shielded', {columns: 200});
  await program.until(screen => /^root \d+$/m.test(screen), 'start');
  process.kill(Number(/^root (\d+)$/m.exec(program.screen())?.[1]), 'SIGUSR2');
  const screen = await program.until(now => /runs stuck for root/.test(now), 'tree');
  t.regex(
    screen.replaceAll(/pid \d+/g, 'pid'),
    /^root \(pid\)\n│ {2}· calls stuck in child \(pid\): started, result pending\n└─ child \(pid\)\n {6}· runs stuck for root \(pid\): started, has not returned$/m,
  );
  program.press(keys.ctrlC);
  await program.ends(t, 130);
});
