/**
 * The whole terminal for one command: another screen without a cursor, each key as it is pressed. It is left as it was found,
 * however the command ends.
 * Floor 10: below `top`.
 */
import type {Io} from './io.js';

const enter = '\x1b[?1049h\x1b[?25l';
const leave = '\x1b[?25h\x1b[?1049l';

export class FullScreen {
  readonly #io: Io;
  readonly #onKeys: (text: string) => void;
  readonly #onResize: () => void;
  #isOpen = false;
  readonly #atExit = (): void => this.close();
  readonly #hear = (data: Buffer): void => this.#onKeys(data.toString());

  /** @param onResize called when everything has to be drawn again */
  constructor(io: Io, onKeys: (text: string) => void, onResize: () => void) {
    this.#io = io;
    this.#onKeys = onKeys;
    this.#onResize = onResize;
  }

  open(): void {
    const {input, out} = this.#io;
    this.#isOpen = true;
    process.on('exit', this.#atExit);
    out.on?.('resize', this.#onResize);
    input.setRawMode(true);
    input.on('data', this.#hear);
    input.resume();
    out.write(enter);
    this.#onResize();
  }

  close(): void {
    if (!this.#isOpen) return;
    const {input, out} = this.#io;
    this.#isOpen = false;
    process.off('exit', this.#atExit);
    out.off?.('resize', this.#onResize);
    input.off('data', this.#hear);
    input.setRawMode(false);
    input.pause();
    out.write(leave);
  }

  /** Gives the terminal back until the shell lets this process go on. */
  suspend(): void {
    this.close();
    process.once('SIGCONT', () => this.open());
    process.kill(process.pid, 'SIGTSTP');
  }

  draw(lines: readonly string[]): void {
    if (this.#isOpen) this.#io.out.write(`\x1b[H${lines.map(text => `${text}\x1b[K`).join('\r\n')}\x1b[J`);
  }
}
