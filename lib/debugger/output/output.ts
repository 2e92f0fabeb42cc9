/**
 * The way of what actors print to the terminal of the root: the parent of a process reads it, and tells the root, which
 * alone knows who is at the prompt. One context for each actor that has children, so that its order is kept.
 * Floor 7: above `display` (at the root) and `backlog` (elsewhere); `attach` hangs it in.
 */
import type {Actor} from '../../actor/actor.js';
import {runtimeFunction} from '../../actor/marks.js';
import type {Portal} from '../../actor/portal.js';
import {Attached} from '../../base/attached.js';
import {current} from '../../base/current.js';
import {NotExposed} from '../../base/errors.js';
import type {Writer} from '../../base/hooks.js';
import {log} from '../../base/log.js';
import type {CalleeContext} from '../../context/rx/callee-context.js';
import {redrawPrompt} from '../terminal/root-terminal.js';
import {Backlog, type Written} from './backlog.js';
import {Display, markLines} from './display.js';

/** Where the output of an actor's children goes. */
export interface Output {
  write(writer: Writer, lines: Uint8Array): void;
  /** Resolves when the root has all of it. Never rejects. */
  sent?(): Promise<void>;
}

const displays = new Attached<Display>();

/** At the root. */
export function openDisplay(root: Actor, terminal: string): Display {
  const {stdout, stderr} = process;
  const display = new Display({name: root.id.name, stdout, stderr, redraw: () => redrawPrompt(terminal)});
  displays.attach(root, display);
  root.exposed.allow(showOutput);
  return display;
}

export function closeDisplay(root: Actor): void {
  displays.of(root)?.close();
  displays.detach(root);
}

/** One message: the root reads it as fast as it comes. */
const messageBytes = 64 * 1024;
/** Of one child, while the root does not answer: as much as waits for a reader elsewhere. */
const waitingBytes = 4 * 1024 * 1024;

export const showOutput = runtimeFunction(
  'context',
  'show output',
  async (ctx: CalleeContext<Written[], never, undefined>): Promise<void> => {
    const display = displays.of(current()?.runtime as Actor);
    if (!display) throw new NotExposed('output is shown by the root of a tree in debug mode');
    ctx.started.next(undefined);
    for await (const batch of ctx.openStream())
      for (const {writer, chunk, lost} of batch) display.write(writer, chunk, lost);
  },
);

/** Below the root. */
export class Outlet implements Output {
  readonly #root: () => Promise<Portal>;
  readonly #stdio: 'prefix' | 'ignore' | undefined;
  readonly #waiting = new Backlog(waitingBytes);
  #sending: Promise<void> | undefined;

  /** @param stdio what becomes of the output of the actor itself */
  constructor(root: () => Promise<Portal>, stdio?: 'prefix' | 'ignore') {
    this.#root = root;
    this.#stdio = stdio;
  }

  write(writer: Writer, lines: Uint8Array): void {
    if (this.#stdio === 'ignore') return;
    if (this.#stdio === 'prefix' && !writer.marked)
      this.#waiting.add({...writer, marked: true}, markLines(writer, lines));
    else this.#waiting.add(writer, lines);
    this.#sending ??= this.#send().finally(() => {
      this.#sending = undefined;
    });
  }

  /** Resolves when the root has all of it. Never rejects. */
  async sent(): Promise<void> {
    await this.#sending;
  }

  /** One context while there is something to send; its end says that the root has it. */
  async #send(): Promise<void> {
    try {
      const context = await (await this.#root()).openContext(showOutput);
      const wire = context.openStream();
      while (!this.#waiting.empty) await wire.send(this.#waiting.take(messageBytes));
      wire.complete();
      await context.result();
    } catch (error) {
      // Without a root there is nobody to show it to.
      this.#waiting.take();
      log('runtime', 'what children have printed did not reach the root', {error});
    }
    // It came while the end was awaited.
    if (!this.#waiting.empty) await this.#send();
  }
}
