/**
 * `node .ci/setup.mjs --apart && node dist/spec/bench/walks.js`: how a message walks through the files of lib, step by step, on two actors in this process.
 * Above the kit's pair. A thread steps the main thread with V8's debugger, and notes in which function it stands.
 *
 * A *call* enters a function, a *stay* is a stretch of steps in one file, a *return* is a stay that comes back from a call.
 * With `WALKS=files` it prints the stays of each walk too: `→file` for a call, `←file` for a return.
 */
import {existsSync} from 'node:fs';
import {Session} from 'node:inspector';
import {fileURLToPath} from 'node:url';
import {isMainThread, parentPort, Worker} from 'node:worker_threads';
import {Kind} from '../../lib/msg/types.js';
import {type Callee, newPair, turns} from '../kit/pair.js';

/** One step: the file, the function, and how deep the stack was. */
type Step = readonly [url: string, name: string, depth: number];

interface Walk {
  readonly walk: string;
  readonly calls: number;
  readonly stays: number;
  readonly returns: number;
  readonly files: number;
  readonly 'entries into context': number;
  readonly 'entries into link': number;
}

const lib = new URL('../../lib/', import.meta.url).href;
if (existsSync(new URL('joined/', lib)))
  throw new Error('the modules of lib are joined, so their walks cannot be seen: node .ci/setup.mjs --apart');
/** The name of the function at which the thread stops stepping. */
const end = 'endOfWalk';

if (isMainThread) await walkAll();
else stepMainThread();

/** In the thread: steps from the first `debugger` statement to the end of the walk. */
function stepMainThread(): void {
  const session = new Session();
  const urls = new Map<string, string>();
  let steps: Step[] = [];
  session.connectToMainThread();
  session.on('Debugger.scriptParsed', ({params}) => urls.set(params.scriptId, params.url));
  session.on('Debugger.paused', ({params: {callFrames}}) => {
    const [top] = callFrames;
    if (!top) return;
    steps.push([urls.get(top.location.scriptId) ?? '', top.functionName, callFrames.length]);
    if (top.functionName !== end) return session.post('Debugger.stepInto');
    parentPort?.postMessage(steps);
    steps = [];
    session.post('Debugger.resume');
  });
  session.post('Debugger.enable');
  session.post('Debugger.setBlackboxPatterns', {patterns: ['^node:', 'node_modules']});
  // Keeps this thread until the main thread ends it.
  parentPort?.on('message', () => {});
  parentPort?.postMessage('ready');
}

function beginOfWalk(): void {
  // biome-ignore lint/suspicious/noDebugger: the thread begins to step here
  debugger;
}

function endOfWalk(): void {
  // biome-ignore lint/suspicious/noDebugger: the thread stops to step here
  debugger;
}

async function walkAll(): Promise<void> {
  const worker = new Worker(fileURLToPath(import.meta.url));
  const told = <T>(): Promise<T> => new Promise(resolve => worker.once('message', resolve));
  await told();
  const walks: Walk[] = [];
  const pair = await newPair();
  const calls = pair.with({});

  let awaited: Kind | undefined;
  pair.tap((from, at, frame) => {
    if (from !== 'far' || at !== 'arrived' || frame.kind !== awaited) return;
    awaited = undefined;
    // The frame is handed on in this very turn.
    queueMicrotask(endOfWalk);
    beginOfWalk();
  });
  /** From the moment in which a message of this kind arrives. */
  const up = async (walk: string, kind: Kind, act: () => unknown): Promise<void> => {
    const steps = told<readonly Step[]>();
    awaited = kind;
    act();
    walks.push(summary(walk, await steps));
    await turns(20);
  };
  /** From the call to its return. */
  const down = async (walk: string, act: () => unknown): Promise<void> => {
    const steps = told<readonly Step[]>();
    beginOfWalk();
    act();
    endOfWalk();
    walks.push(summary(walk, await steps));
    await turns(20);
  };

  let far!: ReturnType<Callee['openStream']>;
  let finish!: (result: number) => void;
  const context = await calls.openContext(callee => {
    callee.started.next(0);
    far = callee.openStream();
    return new Promise<number>(resolve => (finish = resolve));
  });
  const wire = context.openStream();
  wire.subscribe(() => {});
  await turns(20);
  // Once without stepping, because the first of each kind makes what the others find.
  far.next(1);
  await calls.run(() => 1);
  await turns(20);

  await up('a value up: from the transport to next', Kind.Yield, () => far.next(2));
  await down('a value down: from next to the transport', () => wire.next(3));
  await down('a call: from run to the transport', () => void calls.run(() => 1));
  await up('an answer: from the transport to the promise', Kind.Return, () => void calls.run(() => 1));
  await up('the end of a context: from the transport', Kind.Return, () => finish(4));
  const other = await calls.openContext(callee => {
    callee.started.next(0);
    return new Promise((_resolve, reject) => callee.signal.addEventListener('abort', reject));
  });
  await down('a cancel: to the transport', () => void other.cancel());

  console.table(walks);
  process.exit();
}

function summary(walk: string, steps: readonly Step[]): Walk {
  const trail: string[] = [];
  const files = new Set<string>();
  let calls = 0;
  let returns = 0;
  let last: {readonly file: string; readonly name: string; readonly depth: number} | undefined;
  for (const [url, name, depth] of steps) {
    // Code outside lib, between two stays.
    if (!url.startsWith(lib)) {
      last = undefined;
      continue;
    }
    const file = url.slice(lib.length).replace(/\.js$/, '');
    const isCall = !last || depth > last.depth;
    if (isCall && (!last || name !== last.name || depth !== last.depth)) calls++;
    if (file !== last?.file) {
      trail.push(`${isCall ? '→' : '←'}${file}`);
      if (!isCall) returns++;
    }
    files.add(file);
    last = {file, name, depth};
  }
  if (process.env.WALKS === 'files') console.log(`${walk}\n  ${trail.join(' ')}\n`);
  const entries = (place: string): number => trail.filter(stay => stay.startsWith(`→${place}`)).length;
  return {
    walk,
    calls,
    stays: trail.length,
    returns,
    files: files.size,
    'entries into context': entries('context/'),
    'entries into link': entries('context/protocol/link'),
  };
}
