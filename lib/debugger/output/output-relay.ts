/**
 * Sends what the children of an actor print to the root. The parent of a process reads its output, while the root alone
 * knows who is at the prompt.
 * Floor 7: above `root-display` and `backlog`; `attach` makes one for each actor below the root.
 */
import type {Portal} from '../../actor/portal.js';
import type {Writer} from '../../base/hooks.js';
import {log} from '../../base/log.js';
import {Backlog} from './backlog.js';
import {markLines} from './display.js';
import {showOutput} from './root-display.js';

/** Takes the output of an actor's children: the display at the root, a relay elsewhere. */
export interface OutputSink {
  write(writer: Writer, lines: Uint8Array): void;
  /** Resolves when the root has all of it. Never rejects. */
  sent?(): Promise<void>;
}

/** Size of one message, in bytes: the root reads messages as fast as they come. */
const messageBytes = 64 * 1024;
/** Maximum output of one child that waits for the root, in bytes: as much as waits for a reader elsewhere. */
const waitingBytes = 4 * 1024 * 1024;

export class OutputRelay implements OutputSink {
  readonly #root: () => Promise<Portal>;
  readonly #stdio: 'prefix' | 'ignore' | undefined;
  readonly #waiting = new Backlog(waitingBytes);
  #sending: Promise<void> | undefined;

  /** @param stdio how the output of this actor itself is treated: its children's is treated in the same way */
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

  async sent(): Promise<void> {
    await this.#sending;
  }

  /** Sends all that waits over one context. The end of the context says that the root has it. */
  async #send(): Promise<void> {
    try {
      const context = await (await this.#root()).openContext(showOutput);
      const stream = context.openStream();
      while (!this.#waiting.isEmpty) await stream.send(this.#waiting.take(messageBytes));
      stream.complete();
      await context.result();
    } catch (error) {
      // Without a root there is nobody to show it to.
      this.#waiting.take();
      log('runtime', 'what children have printed did not reach the root', {error});
    }
    // Some of it may have come while this waited for the end.
    if (!this.#waiting.isEmpty) await this.#send();
  }
}
