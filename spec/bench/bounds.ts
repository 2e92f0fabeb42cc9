/**
 * Measures the bounds of the library beside busy loops, and writes the page about them: which strike in real time, and which are budgets.
 * Stands on the public door. By hand: `node dist/spec/bench/bounds.js --busy 8 --rounds 3`.
 */
import {type ChildProcess, spawn} from 'node:child_process';
import {writeFileSync} from 'node:fs';
import {availableParallelism} from 'node:os';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';
import {
  type CalleeContext,
  context,
  type Nursery,
  openNursery,
  type Portal,
  shield,
  sleep,
  task,
} from '../../lib/index.js';

export const nap = task((ms: number) => sleep(ms));
/** Goes on for ten seconds, whatever it is told. */
export const stubborn = context(async (ctx: CalleeContext<never, never, null>) => {
  ctx.started.next(null);
  await new Promise(resolve => setTimeout(resolve, 10_000));
});
export const obedient = context(async (ctx: CalleeContext<never, never, null>) => {
  ctx.started.next(null);
  await sleep(1e9).catch(() => shield(() => sleep(10)));
});

interface Bound {
  readonly name: string;
  /** In ms. */
  readonly declared: number;
  readonly what: string;
  /** Does it, and resolves when it is over. What it needs before has been made. */
  readonly act: (portal: Portal, nursery: Nursery) => Promise<unknown>;
}

const expose = [nap, obedient, stubborn];

const bounds: readonly Bound[] = [
  {
    name: '`timeouts.spawn`',
    declared: 10_000,
    what: 'an actor is started',
    act: (_portal, nursery) => nursery.startActor('another', {expose}),
  },
  {
    name: '`timeouts.exit` + 300',
    declared: 1_900,
    what: 'an idle actor is ended',
    act: portal => portal.cancelActor(),
  },
  {
    name: '`timeouts.cancelAck`',
    declared: 500,
    what: 'a stopped actor is ended',
    act: portal => {
      process.kill(portal.actor.pid, 'SIGSTOP');
      return portal.cancelActor();
    },
  },
  {
    name: '`timeouts.exit`',
    declared: 1_600,
    what: 'an obedient function is cancelled',
    act: async portal => (await portal.openContext(obedient)).cancel(),
  },
  {
    name: '`timeouts.exit`',
    declared: 1_600,
    what: 'a stubborn function is cancelled',
    act: async portal => (await portal.openContext(stubborn)).cancel(),
  },
  {
    name: '`cancel(reason, {timeout})`',
    declared: 200,
    what: 'the same, with less patience',
    act: async portal => (await portal.openContext(stubborn)).cancel('enough', {timeout: 200}),
  },
  {
    name: '`with({timeout})`',
    declared: 400,
    what: 'a call has a deadline',
    act: portal =>
      portal
        .with({timeout: 400})
        .run(nap, 60_000)
        .catch(() => {}),
  },
  {
    name: 'the verdict of a death',
    declared: 250,
    what: 'an actor is killed from outside',
    act: portal => {
      process.kill(portal.actor.pid, 'SIGKILL');
      return portal.ended;
    },
  },
];

/** One measurement, in ms. */
async function measure({act}: Bound, nursery: Nursery): Promise<number> {
  const portal = await nursery.startActor('measured', {expose});
  // Connected, and warm.
  await portal.run(nap, 0);
  const began = performance.now();
  await act(portal, nursery);
  return performance.now() - began;
}

async function measureAll(rounds: number): Promise<number[][]> {
  const measured: number[][] = [];
  for (const bound of bounds) {
    const times: number[] = [];
    for (let round = 0; round < rounds; round++) times.push(await inOwnTree(bound));
    measured.push(times);
  }
  return measured;
}

/** A measurement may end its tree with an error: that of the actor that is killed. */
async function inOwnTree(bound: Bound): Promise<number> {
  let took: number | undefined;
  const patient = {timeouts: {spawn: 60_000}};
  const failure = await openNursery(async nursery => {
    took = await measure(bound, nursery);
  }, patient).catch((error: unknown) => error);
  if (took === undefined) throw failure;
  return took;
}

const range = (times: readonly number[]): string =>
  `${Math.round(Math.min(...times))}–${Math.round(Math.max(...times))}`;

/** A bound that strikes although nothing else goes on is one in real time. A budget is not used up then. */
const kindOf = (quiet: readonly number[], declared: number): string =>
  Math.min(...quiet) >= 0.98 * declared ? 'real time' : 'budget';

function pageOf(busy: number, rounds: number, quiet: number[][], loaded: number[][]): string {
  const rows = bounds.map(({name, declared, what}, at) => {
    const [calm, load] = [quiet[at] as number[], loaded[at] as number[]];
    const isOver = Math.max(...load) > declared ? 'reached' : 'kept';
    return `| ${name} | ${what} | ${declared} | ${range(calm)} | ${range(load)} | ${kindOf(calm, declared)}, ${isOver} |`;
  });
  return [
    '# Bounds on a machine that starves',
    '',
    'This page is written by `node dist/spec/bench/bounds.js`. It measures each bound alone, and then beside busy loops.',
    '',
    `Here: ${busy} busy loops on ${availableParallelism()} processors, ${rounds} rounds, Node ${process.versions.node}. Times are in ms, the shortest and the longest.`,
    '',
    '- A bound in **real time** strikes when its time is over, whatever the machine does. Beside a load it is late by the time that our own process',
    '  waits for a processor.',
    '- A **budget** is the most that something may take. Healthy work needs less, and more under load. Where a load uses a budget up, what is',
    '  slow counts as failed: give it more with `timeouts`.',
    '',
    '| bound | when | declared | alone | beside the load | it is |',
    '|---|---|---:|---:|---:|---|',
    ...rows,
    '',
  ].join('\n');
}

async function write(): Promise<void> {
  const {values} = parseArgs({
    options: {busy: {type: 'string', default: '8'}, rounds: {type: 'string', default: '3'}, page: {type: 'string'}},
  });
  const [busy, rounds] = [Number(values.busy), Number(values.rounds)];
  const quiet = await measureAll(rounds);
  const loops: ChildProcess[] = [];
  try {
    for (let at = 0; at < busy; at++) loops.push(spawn(process.execPath, ['-e', 'for (;;);'], {stdio: 'ignore'}));
    const page = pageOf(busy, rounds, quiet, await measureAll(rounds));
    if (values.page) writeFileSync(values.page, page);
    else console.log(page);
  } finally {
    for (const loop of loops) loop.kill('SIGKILL');
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await write();
