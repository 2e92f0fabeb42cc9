/**
 * The boot of a root: `main` for programs, `openNursery` for code inside an application.
 * Floor 8: composes runtime, nursery, signals and the exit code.
 */
import {isatty} from 'node:tty';
import {Actor, defaultTimeouts, type Timeouts} from './actor/actor.js';
import {homesOf} from './actor/exposed.js';
import type {RemoteFn} from './actor/marks.js';
import {type Portal, parentOf, scopeKey} from './actor/portal.js';
import {surveyOf} from './actor/survey.js';
import {newActorId, newId} from './base/actor-id.js';
import {Answer} from './base/answer.js';
import {plainClock} from './base/clock.js';
import {current, isRoot} from './base/current.js';
import {ContextCancelled, ResourceExhausted} from './base/errors.js';
import {hooks, lookedAt} from './base/hooks.js';
import {configureLog, type Logger, type LogLevel, log, logLevels} from './base/log.js';
import {checkAmount, checkBoolean, checkKeys, checkWord} from './base/option-checks.js';
import {drawSurvey} from './base/tree-survey.js';
import {closeNames} from './discovery/names.js';
import {type DiscoveryOptions, openNamesAtRoot} from './discovery/root.js';
import {loadCodec} from './msg/codec.js';
import {adoptWork, type Body, type Nursery, NurseryOf, type NurseryOptions} from './nursery/nursery.js';

/** Options of the root of a tree. */
export interface RootOptions extends NurseryOptions, DiscoveryOptions {
  /** What children may call in the root through `parent()`. */
  readonly expose?: ReadonlyArray<RemoteFn | URL>;
  /** From `transport` (everything) to `silent`. Default `warn`. All actors inherit it. */
  readonly logLevel?: LogLevel;
  /** Whether `breakpoint()` stops. All actors inherit it. Default: whether `RXTRACTOR_DEBUG` is `1`. */
  readonly debug?: boolean;
  /** Where this actor's log goes. Default: stderr. */
  readonly logger?: Logger;
  /** How many actors the tree may have at a time, besides the root. Default 1 024. */
  readonly maxActors?: number;
  /** In milliseconds; see `Timeouts` for the defaults. All actors inherit them. */
  readonly timeouts?: Partial<Timeouts>;
}

/**
 * A program's entry: opens the root, runs the body in its nursery, and owns signals and the exit code.
 *
 * An error is printed once and sets `process.exitCode` to 1; SIGINT, SIGTERM and SIGHUP cancel the tree and give
 * 130, 143 and 129, a second one ends the process at once; SIGUSR2 prints the tree and what it waits for. Resolves with the body's value, or with undefined
 * when it failed; rejects only for arguments that are none (TypeError), and on Windows (ResourceExhausted). In a
 * spawned actor it does nothing, so that one file can hold a program and its actors.
 */
export async function main<T>(body: Body<T>, options: RootOptions = {}): Promise<T | undefined> {
  if (!isRoot()) return undefined;
  if (typeof body !== 'function') throw new TypeError('main() takes a function: main(async (nursery) => …)');
  const root = await bootRoot(options).catch(notBooted);
  if (!root) return undefined;
  const nursery = new NurseryOf(root, root.scope, {
    name: options.name ?? 'main',
    ...(options.signal && {signal: options.signal}),
  });
  const signals = ownSignals(root, nursery);
  const uncaught = ownUncaught(root, nursery);
  const stopTelling = tellOnSignal(root);
  try {
    return await root.run(root.scope, () => nursery.runBody(body));
  } catch (error) {
    if (!signals.received && !uncaught.received && !isOwnCancel(error, root)) {
      process.exitCode = 1;
      console.error(error);
    }
    return undefined;
  } finally {
    // What the user's own chains make of the last rejections is known after this turn; RxJS throws in a timer.
    await plainClock.turn();
    await plainClock.pause(1);
    await uncaught.shown;
    signals.release();
    uncaught.release();
    stopTelling();
    await closeRoot(root);
  }
}

export function openNursery<T>(body: Body<T>, options?: RootOptions): Promise<T>;
export function openNursery(options?: RootOptions): Promise<Nursery>;
/**
 * Opens a nursery: inside an actor as a child of the running scope, elsewhere as the root of a new tree.
 *
 * With a body it resolves with the body's value after everything in it has ended. Without one it gives the nursery,
 * for `await using`; leaving that block cancels what is left.
 *
 * Rejects with the error that failed in it, NurseryError for several, ContextCancelled when somebody else cancelled it;
 * TypeError for options that are none, ResourceExhausted on Windows.
 */
export function openNursery<T>(bodyOrOptions?: Body<T> | RootOptions, options: RootOptions = {}): Promise<T | Nursery> {
  const body = typeof bodyOrOptions === 'function' ? bodyOrOptions : undefined;
  const given = body ? options : ((bodyOrOptions as RootOptions | undefined) ?? {});
  return Answer.from<T | Nursery>(current()?.scope, body ? runNursery(body, given) : makeNursery(given));
}

/** The actor that spawned this one; undefined in a root and outside a runtime. */
export function parent(): Portal | undefined {
  const actor = current()?.runtime as Actor | undefined;
  return actor && parentOf(actor);
}

async function runNursery<T>(body: Body<T>, options: RootOptions): Promise<T> {
  const now = current();
  if (now) {
    checkInner(options);
    now.scope.check();
    const nursery = new NurseryOf(now.runtime as Actor, now.scope, options);
    const work = nursery.runBody(body);
    // One that nobody awaits must end before what it was opened in.
    adoptWork(nursery.label, work, now.scope, why => nursery.shutdown(why));
    return work;
  }
  const root = await bootRoot(options);
  try {
    return await root.run(root.scope, () => new NurseryOf(root, root.scope, options).runBody(body));
  } finally {
    await closeRoot(root);
  }
}

async function makeNursery(options: RootOptions): Promise<Nursery> {
  const now = current();
  if (!now) {
    const root = await bootRoot(options);
    const nursery = unlessCancelled(new NurseryOf(root, root.scope, options));
    nursery.release = () => closeRoot(root);
    return nursery;
  }
  checkInner(options);
  now.scope.check();
  const nursery = unlessCancelled(new NurseryOf(now.runtime as Actor, now.scope, options));
  // The scope sees to it that a nursery that nobody disposes of ends all the same.
  nursery.release = now.scope.adopt(nursery);
  return nursery;
}

/** A signal that was aborted before prevents the call. @throws ContextCancelled */
function unlessCancelled(nursery: NurseryOf): NurseryOf {
  nursery[scopeKey].check();
  return nursery;
}

async function bootRoot(options: RootOptions): Promise<Actor> {
  checkPlatform();
  checkKeys(options, rootOptions);
  const logLevel = options.logLevel ?? 'warn';
  checkWord('logLevel', logLevel, logLevels);
  configureLog(logLevel, options.logger);
  const {debug = process.env.RXTRACTOR_DEBUG === '1'} = options;
  checkBoolean('debug', debug);
  const timeouts = {...defaultTimeouts, ...options.timeouts};
  for (const [name, ms] of Object.entries(timeouts)) checkAmount(`timeouts.${name}`, ms, 'milliseconds', TypeError);
  if (options.maxActors !== undefined) checkAmount('maxActors', options.maxActors, 'actors', TypeError);
  const root = new Actor({
    id: newActorId(options.name ?? 'root'),
    root: true,
    codec: loadCodec(),
    tree: {treeId: newId(), depth: 0, logLevel, timeouts},
  });
  if (options.maxActors !== undefined) root.maxActors = options.maxActors;
  if (options.expose) await root.exposed.load(homesOf(options.expose), true);
  await openNamesAtRoot(root, options);
  if (debug) await debugged(root);
  return root;
}

/** What the world refuses (a registrar that is not there, an address that is taken) is an error like the body's. */
function notBooted(error: unknown): undefined {
  if (error instanceof TypeError || (error instanceof ResourceExhausted && error.what === 'platform')) throw error;
  process.exitCode = 1;
  console.error(error);
}

/** What keeps it from debug mode keeps it from being opened: it has to be reached by its actors. */
async function debugged(root: Actor): Promise<void> {
  try {
    await (await import('./debugger/attach.js')).attachRoot(root);
  } catch (error) {
    await closeNames(root);
    throw error;
  }
}

async function closeRoot(root: Actor): Promise<void> {
  if (root.tree.debug) await (await import('./debugger/attach.js')).detachRoot(root);
  await closeNames(root);
  root.scope.settle();
}

const rootOptions = new Set([
  'name',
  'expose',
  'signal',
  'logLevel',
  'debug',
  'logger',
  'maxActors',
  'timeouts',
  'listen',
  'registry',
  'secret',
  'tls',
]);

/** An inner nursery shares the runtime that is open: its options were given when that was booted. */
function checkInner(options: RootOptions): void {
  for (const key of Object.keys(options)) {
    if (key !== 'name' && key !== 'signal')
      throw new TypeError(
        `openNursery() inside a runtime takes name and signal; ${key} belongs to the one that opened the root`,
      );
  }
}

function checkPlatform(): void {
  if (process.platform === 'win32')
    throw new ResourceExhausted('rxtractor runs on Linux and macOS: Windows has no socketpair to inherit', {
      what: 'platform',
    });
}

const exitCodes = {SIGINT: 130, SIGTERM: 143, SIGHUP: 129} as const;
type ShutdownSignal = keyof typeof exitCodes;
/** How long the body may go on after the tree is gone, and the process after the body, in ms. */
const lingerMs = 1_000;

/** The first signal cancels the tree; after that the default action is back, so that a second one ends all at once. */
function ownSignals(root: Actor, nursery: NurseryOf): {readonly received: boolean; release(): void} {
  let received: ShutdownSignal | undefined;
  const terminals = [0, 1, 2].filter(isatty);
  const signals = Object.keys(exitCodes) as ShutdownSignal[];
  const release = (): void => {
    for (const signal of signals) process.off(signal, shutDown);
    process.off('SIGINT', interrupted);
  };
  // The second Ctrl-C, in debug mode: a prompt may have been opened since the first.
  const interrupted = (signal: NodeJS.Signals): void => {
    if (isAtPrompt(root)) return;
    release();
    process.kill(process.pid, signal);
  };
  const shutDown = (signal: NodeJS.Signals): void => {
    // There it means the line that is being typed, and never the tree.
    if (signal === 'SIGINT' && isAtPrompt(root)) return;
    received = signal as ShutdownSignal;
    release();
    if (signal === 'SIGHUP') {
      hooks.hungUp?.(root.id.id);
      process.on('exit', () => endHungUp(terminals));
    }
    if (root.tree.debug) process.on('SIGINT', interrupted);
    process.exitCode = exitCodes[received];
    const why = new ContextCancelled(`the program was ended by ${signal}`, {
      canceller: root.id,
      reason: 'shutdown',
      cause: signal,
    });
    endProcess(root, nursery, why);
  };
  for (const signal of signals) process.on(signal, shutDown);
  return {
    get received() {
      return received !== undefined;
    },
    release,
  };
}

/**
 * Where the terminal is gone Node cannot put it in order at its exit, and aborts. The signal itself, which nobody handles
 * any more, ends the process in time, and for a shell with the same code.
 */
function endHungUp(terminals: readonly number[]): void {
  process.removeAllListeners('SIGHUP');
  if (terminals.some(fd => !isatty(fd))) process.kill(process.pid, 'SIGHUP');
}

/**
 * What nothing has caught: a cancellation is dropped, for whatever it ended has been told; anything else is printed,
 * and ends the tree in order.
 */
function ownUncaught(
  root: Actor,
  nursery: NurseryOf,
): {readonly received: boolean; readonly shown: Promise<void> | undefined; release(): void} {
  let received = false;
  let shown: Promise<void> | undefined;
  const onUncaught = (error: unknown): void => {
    // A program that has a listener of its own decides.
    if (error instanceof ContextCancelled || process.listenerCount('uncaughtException') > 1) return;
    if (hooks.isOfPrompt?.()) return log('warn', 'nothing has caught what was left by code of the prompt', {error});
    if (!hooks.crashed) return tell(error);
    // Somebody looks at the first; it ends the tree, and what comes meanwhile is told after it.
    shown = shown ? shown.then(() => tell(error)) : Promise.resolve(lookedAt(root.id.id, root.scope, error, tell));
  };
  const tell = (error: unknown): void => {
    console.error(error);
    process.exitCode = 1;
    received = true;
    const why = new ContextCancelled('the program was ended by an error that nothing caught', {
      canceller: root.id,
      reason: 'shutdown',
      cause: error,
    });
    endProcess(root, nursery, why);
  };
  process.on('uncaughtException', onUncaught);
  return {
    get received() {
      return received;
    },
    get shown() {
      return shown;
    },
    release: () => void process.off('uncaughtException', onUncaught),
  };
}

/** Ends the tree. What the body, or the user's own handles, do after that is given a moment, and no more. */
function endProcess(root: Actor, nursery: NurseryOf, why: ContextCancelled): void {
  // When the body itself stands at a prompt, its moment begins after the prompt.
  const exitSoon = (): unknown => root.scope.clock.limit(lingerMs, () => process.exit(), {background: true});
  void nursery.shutdown(why).then(exitSoon);
}

function isAtPrompt(root: Actor): boolean {
  return root.scope.clock.standsStill;
}

/** SIGUSR2 prints the tree of actors and what each waits for, also while it is being ended. */
function tellOnSignal(root: Actor): () => void {
  let isTelling = false;
  const tell = async (): Promise<void> => {
    if (isTelling) return;
    isTelling = true;
    process.stderr.write(`${drawSurvey(await surveyOf(root))}\n`);
    isTelling = false;
  };
  process.on('SIGUSR2', tell);
  return () => process.off('SIGUSR2', tell);
}

/** A cancellation that this very program asked for is no error of its. */
function isOwnCancel(error: unknown, root: Actor): boolean {
  return error instanceof ContextCancelled && error.canceller?.id === root.id.id;
}
