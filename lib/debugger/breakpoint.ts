/**
 * The public functions of the debugger: `breakpoint()` and `postMortem(error)`.
 * Floor 7: above `attach`, which the first task that stops loads.
 */
import type {Actor} from '../actor/actor.js';
import {current} from '../base/current.js';
import {deferred} from '../base/deferred.js';
import {hooks} from '../base/hooks.js';
import {log} from '../base/log.js';
import type {Scope} from '../base/scope.js';
import type {CapturedFrame} from './frames/captured-frame.js';
import type {PromptRequest} from './prompt/user-interface.js';

/**
 * Stops the running task and opens a prompt for it on the terminal of the root, in debug mode.
 *
 * One task of the whole tree is at the prompt at a time, first come first served. Until the last one has left the
 * prompt, no actor of the tree is ended, and no timeout between actors ends. Without debug mode, or without a terminal,
 * the call warns once and goes on.
 *
 * @returns resolves when the person continues the task
 * @throws DebuggerQuit when the person leaves the prompt with `q`
 * @throws ContextCancelled when the task has been cancelled. Within `shield()` it stops nevertheless
 * @example
 * ```ts
 * export const work = task(async (n: number) => {
 *   const half = n / 2;
 *   await breakpoint(); // here `p half` shows the value, `n` steps, `c` continues
 *   return half;
 * });
 *
 * await main(body, {debug: true}); // or start the program with RXTRACTOR_DEBUG=1
 * ```
 */
export async function breakpoint(): Promise<void> {
  await stop('breakpoint');
}

/**
 * Stops the running task as `breakpoint()` does, and shows an error: what failed, its causes, and the frames in which
 * it was thrown. In debug mode this happens by itself for every error that leaves a task. Call it for an error that you
 * handle.
 *
 * @param error what failed; `p error` shows the whole at the prompt
 * @returns resolves when the person continues the task
 * @throws DebuggerQuit when the person leaves the prompt with `q`
 * @throws ContextCancelled when the task has been cancelled. Within `shield()` it stops nevertheless
 * @example
 * ```ts
 * try {
 *   await portal.run(work, 1);
 * } catch (error) {
 *   await postMortem(error);
 *   throw error;
 * }
 * ```
 */
export async function postMortem(error: unknown): Promise<void> {
  await stop('post-mortem', error);
}

async function stop(kind: PromptRequest['kind'], error?: unknown): Promise<void> {
  const {runtime, scope} = current() ?? {};
  const actor = runtime as Actor | undefined;
  if (!scope || !actor?.tree.debug?.on) return warnOnce(kind, actor ?? outside);
  // The frames must be captured before the first `await`: after it, the frames of the caller are not on the stack any
  // more.
  const frames = hooks.captureHere?.() as readonly CapturedFrame[] | undefined;
  const release = keepOpen(scope);
  try {
    const {attach} = await import('./attach.js');
    await attach(actor).pause(kind, error, frames);
  } finally {
    release();
  }
}

/** The task does not end before its prompt, which code that cannot await does not wait for. */
function keepOpen(scope: Scope): () => void {
  const over = deferred();
  const release = scope.adopt({
    label: "somebody at the debugger's prompt",
    finish: () => over.promise,
    end: () => over.promise,
  });
  return () => {
    release();
    over.resolve();
  };
}

/** Stands for all code that runs outside a runtime. */
const outside = {};
const warned = new WeakSet<object>();
/** @param where the actor, or `outside`: each is warned once */
function warnOnce(kind: string, where: object): void {
  if (warned.has(where)) return;
  warned.add(where);
  const how = 'main(body, {debug: true}) or RXTRACTOR_DEBUG=1';
  log('warn', `a ${kind} was passed over, as all will be: debug mode is off here (${how})`);
}
