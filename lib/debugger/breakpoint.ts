/**
 * What users write: `await breakpoint()`, `await postMortem(error)`.
 * Floor 7: the rest of the debugger is loaded by the first that stops.
 */
import type {Actor} from '../actor/actor.js';
import {current} from '../base/current.js';
import {hooks} from '../base/hooks.js';
import {log} from '../base/log.js';
import type {CapturedFrame} from './frames/capture.js';
import type {PromptRequest} from './prompt/front.js';

/**
 * Stops the running task in debug mode, and opens a prompt on the terminal of the root. One task of the whole tree at a
 * time, first come first served; until the last has left the prompt, no actor of the tree is ended or judged late.
 * Without debug mode, and without a terminal, it warns once and goes on.
 *
 * Rejects with DebuggerQuit when the prompt was left with `q`, ContextCancelled when the task has been cancelled: within
 * `shield()` it stops all the same.
 */
export async function breakpoint(): Promise<void> {
  await stop('breakpoint');
}

/** The same for something that failed: the prompt shows the error, and where it came from. Rejects as `breakpoint()` does. */
export async function postMortem(error: unknown): Promise<void> {
  await stop('post-mortem', error);
}

async function stop(kind: PromptRequest['kind'], error?: unknown): Promise<void> {
  const actor = current()?.runtime as Actor | undefined;
  if (!actor?.tree.debug?.on) return warnOnce(kind, actor ?? nobody);
  // Now or never: from the first `await` on, the frames of who called are not on the stack any more.
  const frames = hooks.captureHere?.() as readonly CapturedFrame[] | undefined;
  const {attach} = await import('./attach.js');
  await attach(actor).pause(kind, error, frames);
}

const nobody = {};
const warned = new WeakSet<object>();
function warnOnce(kind: string, whom: object): void {
  if (warned.has(whom)) return;
  warned.add(whom);
  const how = 'main(body, {debug: true}) or RXTRACTOR_DEBUG=1';
  log('warn', `a ${kind} was passed over, as all will be: debug mode is off here (${how})`);
}
