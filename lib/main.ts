/**
 * The entry of a program: `main`, and `openNursery` for code inside an application.
 * Floor 8: brings the root's runtime, its nursery and the events of the process together.
 */
import type {Actor} from './actor/actor.js';
import {scopeKey} from './actor/call-options.js';
import {parentOf} from './actor/parent.js';
import type {Portal} from './actor/portal.js';
import {Answer} from './base/answer.js';
import {plainClock} from './base/clock.js';
import {current, isRoot} from './base/current.js';
import {ResourceExhausted} from './base/errors.js';
import {isCancelBy} from './base/scope.js';
import {bootRoot, checkInnerOptions, closeRoot, type RootOptions} from './boot-root.js';
import {adoptWork} from './nursery/adopt-work.js';
import type {Body, Nursery} from './nursery/nursery.js';
import {RunningNursery} from './nursery/running-nursery.js';
import {handleSignals, handleUncaught, handleUserSignal, printError} from './process-events.js';

/**
 * The entry of a program: opens the root, runs the body in its nursery, and owns the signals and the exit code.
 *
 * Resolves with the value of the body, or with undefined when the body failed: then the error is printed once, and
 * `process.exitCode` is 1. Rejects only with TypeError for wrong arguments, and with ResourceExhausted on Windows.
 *
 * SIGINT, SIGTERM and SIGHUP cancel the tree and give the exit codes 130, 143 and 129; a second signal ends the process at
 * once. SIGUSR2 prints the tree and what each actor waits for; where nodemon has started the program, it ends the tree, and
 * nodemon starts the program again. In a spawned actor `main` does nothing, so that one file can
 * hold a program and its actors.
 *
 * @example
 * ```ts
 * import {main, task} from 'rxtractor';
 *
 * export const double = task((value: number) => 2 * value);
 *
 * await main(async nursery => {
 *   console.log(await nursery.run(double, 21)); // 42
 * });
 * ```
 */
export async function main<T>(body: Body<T>, options: RootOptions = {}): Promise<T | undefined> {
  if (!isRoot()) return undefined;
  if (typeof body !== 'function') throw new TypeError('main() takes a function: main(async (nursery) => …)');
  const root = await bootRoot(options, true).catch(printBootError);
  if (!root) return undefined;
  const nursery = new RunningNursery(root, root.scope, {
    name: options.name ?? 'main',
    ...(options.signal && {signal: options.signal}),
  });
  const signals = handleSignals(root, nursery);
  const uncaught = handleUncaught(root, nursery);
  const stopPrinting = handleUserSignal(root, signals);
  try {
    return await root.run(root.scope, () => nursery.runBody(body));
  } catch (error) {
    // A cancellation that this very program has asked for is not an error.
    if (!signals.received && !uncaught.received && !isCancelBy(root.id, error)) {
      process.exitCode = 1;
      printError(error);
    }
    return undefined;
  } finally {
    // Only after this turn it is known whether the user's own promises handle the last rejections. RxJS throws in a timer.
    await plainClock.turn();
    await plainClock.pause(1);
    await uncaught.shown;
    signals.release();
    uncaught.release();
    stopPrinting();
    await closeRoot(root);
  }
}

/**
 * Opens a nursery and runs the body in it. Inside an actor the nursery belongs to the running scope, and takes `name` and
 * `signal` only. Elsewhere it is the root of a new tree.
 *
 * Resolves with the value of the body after everything in the nursery has ended.
 *
 * Rejects with the error that failed in it, NurseryError for several, ContextCancelled when somebody else cancelled it,
 * TypeError for wrong options, ResourceExhausted on Windows.
 *
 * @example
 * ```ts
 * const result = await openNursery(async nursery => {
 *   const portal = await nursery.startActor('worker', {expose: [double]});
 *   return portal.run(double, 21);
 * });
 * ```
 */
export function openNursery<T>(body: Body<T>, options?: RootOptions): Promise<T>;
/**
 * Opens a nursery for `await using`. Leaving the block cancels what is left, and throws as the other form rejects.
 *
 * @example
 * ```ts
 * await using nursery = await openNursery();
 * const portal = await nursery.startActor('worker', {expose: [double]});
 * console.log(await portal.run(double, 21)); // 42
 * ```
 */
export function openNursery(options?: RootOptions): Promise<Nursery>;
export function openNursery<T>(bodyOrOptions?: Body<T> | RootOptions, options: RootOptions = {}): Promise<T | Nursery> {
  const body = typeof bodyOrOptions === 'function' ? bodyOrOptions : undefined;
  const given = body ? options : ((bodyOrOptions as RootOptions | undefined) ?? {});
  return Answer.from<T | Nursery>(current()?.scope, body ? runNursery(body, given) : makeNursery(given));
}

/**
 * The portal to the actor that spawned this one. Undefined in a root and outside a runtime.
 *
 * @example
 * ```ts
 * export const child = task(async () => parent()?.run(report, 'the child has begun'));
 * ```
 */
export function parent(): Portal | undefined {
  const actor = current()?.runtime as Actor | undefined;
  return actor && parentOf(actor);
}

async function runNursery<T>(body: Body<T>, options: RootOptions): Promise<T> {
  const now = current();
  if (now) {
    checkInnerOptions(options);
    now.scope.check();
    const nursery = new RunningNursery(now.runtime as Actor, now.scope, options);
    const work = nursery.runBody(body);
    // A nursery that nobody awaits must end before the scope that it was opened in.
    adoptWork(nursery.label, work, now.scope, why => nursery.shutdown(why));
    return work;
  }
  const root = await bootRoot(options);
  try {
    return await root.run(root.scope, () => new RunningNursery(root, root.scope, options).runBody(body));
  } finally {
    await closeRoot(root);
  }
}

async function makeNursery(options: RootOptions): Promise<Nursery> {
  const now = current();
  if (!now) {
    const root = await bootRoot(options);
    const nursery = withoutBody(new RunningNursery(root, root.scope, options));
    nursery.release = () => closeRoot(root);
    return nursery;
  }
  checkInnerOptions(options);
  now.scope.check();
  const nursery = withoutBody(new RunningNursery(now.runtime as Actor, now.scope, options));
  // A nursery that nobody disposes of ends with the scope nevertheless.
  nursery.release = now.scope.adopt(nursery);
  return nursery;
}

/** A nursery without a body. A signal that was aborted before prevents the call. @throws ContextCancelled */
function withoutBody(nursery: RunningNursery): RunningNursery {
  nursery[scopeKey].check();
  nursery.logFailure();
  return nursery;
}

/**
 * A failure that does not come from the program (a registrar that is not there, an address that is taken) is told like an
 * error of the body.
 */
function printBootError(error: unknown): undefined {
  if (error instanceof TypeError || (error instanceof ResourceExhausted && error.what === 'platform')) throw error;
  process.exitCode = 1;
  printError(error);
}
