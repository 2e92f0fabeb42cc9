// Children die with their parent however it dies: nothing of a tree is alive 2 s after a kill -9 (rule T11).
import type {ExecutionContext} from 'ava';
import {canInspect, treeOf, untilGone} from '../kit/processes.js';
import {type Program, startProgram, sweep} from '../kit/program.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({always: 3});

interface Chain {
  readonly program: Program;
  readonly pids: readonly number[];
  readonly tree: string;
}

async function grownChain(t: ExecutionContext, depth: number, temper: string, setpriv: boolean): Promise<Chain> {
  const program = startProgram(t, 'chain', {
    args: [String(depth), temper],
    env: setpriv ? {} : {RXTRACTOR_NO_SETPRIV: '1'},
  });
  const pids = await program.next<number[]>();
  t.is(pids.length, depth);
  return {program, pids, tree: treeOf(pids[0] as number)};
}

for (const setpriv of process.platform === 'linux' ? [true, false] : [false]) {
  const how = setpriv ? 'with setpriv' : 'without setpriv';
  const inspects = !canInspect ? test.skip : setpriv ? test : test.long;

  for (const temper of ['idle', 'busy']) {
    inspects(`T11: kill -9 of the root ends a tree of three levels, its last ${temper}, ${how}`, async t => {
      const {program, tree} = await grownChain(t, 3, temper, setpriv);
      process.kill(program.pid, 'SIGKILL');
      await sweep(t, tree, 'actors outlived their root');
    });

    inspects(`T11: kill -9 of a middle actor ends what is below it, its last ${temper}, ${how}`, async t => {
      const {program, pids, tree} = await grownChain(t, 3, temper, setpriv);
      process.kill(pids[1] as number, 'SIGKILL');
      t.deepEqual(await untilGone(pids.slice(1)), []);
      t.deepEqual(await program.exited, {code: 1, signal: null});
      t.regex(program.stderr, /level-2.*died \(killed by SIGKILL\)/);
      await sweep(t, tree, 'actors outlived their root');
    });
  }

  inspects(`T11: kill -9 of an actor in a busy loop ends the program with its death, ${how}`, async t => {
    const {program, pids, tree} = await grownChain(t, 2, 'busy', setpriv);
    process.kill(pids[1] as number, 'SIGKILL');
    t.deepEqual(await program.exited, {code: 1, signal: null});
    t.regex(program.stderr, /level-1.*died \(killed by SIGKILL\)/);
    await sweep(t, tree, 'actors outlived their root');
  });

  inspects(
    `T11: kill -9 of the root while an actor is stopped ends the rest, and it when it goes on, ${how}`,
    async t => {
      const {program, pids, tree} = await grownChain(t, 2, 'idle', setpriv);
      process.kill(pids[1] as number, 'SIGSTOP');
      process.kill(program.pid, 'SIGKILL');
      t.deepEqual(await untilGone(pids.slice(0, 1)), []);
      if (setpriv) t.deepEqual(await untilGone(pids), []);
      else process.kill(pids[1] as number, 'SIGCONT');
      await sweep(t, tree, 'actors outlived their root');
    },
  );
}
