/**
 * The agent: a thread of an actor that holds its main thread still while a person looks at it. Loads nothing of the
 * runtime, and prints nothing: what a worker prints goes through the main thread.
 * Floor 7: the entry of the worker that `agent` starts.
 *
 *   main                        agent                        terminal
 *   arm ───────────────────────▶ open ─────────────────────────▶
 *                                ◀──────────────────────── opened
 *   ◀── armed ── (connected)
 *   `debugger` … stopped         print, ask ◀──▶ line …
 *                                close ────────────────────────▶
 *   runs ◀── disconnect          ◀──────────────────────── closed
 *   ◀── released
 */
import {readFileSync} from 'node:fs';
import {connect} from 'node:net';
import {type MessagePort, parentPort} from 'node:worker_threads';
import type {FromWorker, ToWorker} from './agent.js';
import {Inspected} from './inspected.js';
import {type Answer, Prompt} from './prompt.js';
import {type FromAgent, type FromTerminal, Wire} from './wire.js';

type Release = Extract<FromWorker, {type: 'released'}>['how'];

const main = parentPort as MessagePort;

/** How long the terminal may take to put itself in order. */
const closeMs = 3_000;
/** How long a root may take to end once its terminal is gone. */
const goneMs = 1_000;

class Session {
  readonly #inspected: Inspected;
  readonly #prompt: Prompt;
  readonly #label: string;
  readonly #wire: Wire<FromTerminal, FromAgent>;
  #asked: ((line: string | undefined) => void) | undefined;
  #onClosed: () => void = () => {};
  #connected = false;
  /** The process whose terminal it is. */
  #root: number | undefined;
  #over = false;

  constructor({terminal, label, evaluateMs}: Extract<ToWorker, {type: 'arm'}>) {
    this.#inspected = new Inspected(evaluateMs);
    this.#prompt = new Prompt(this.#inspected);
    this.#label = label;
    this.#wire = new Wire(
      connect(terminal),
      message => void this.#receive(message),
      () => void this.#lost(),
    );
    this.#wire.send({type: 'open', label});
  }

  /** The process ends: a session that is still connected then would keep it waiting. */
  abandon(): void {
    this.#over = true;
    if (this.#connected) this.#inspected.disconnect();
    this.#wire.close();
  }

  async #receive(message: FromTerminal): Promise<void> {
    switch (message.type) {
      case 'opened':
        this.#root = message.pid;
        return this.#hold(message.columns);
      case 'refused':
        this.#over = true;
        this.#wire.close();
        return tell({type: 'refused', why: message.why});
      case 'line':
        return this.#answer(message.text);
      case 'end':
        return this.#answer(undefined);
      case 'complete': {
        const [names, typed] = await this.#prompt.complete(message.text);
        return this.#wire.send({type: 'completions', id: message.id, names, typed});
      }
      case 'interrupt':
        return this.#inspected.interrupt();
      case 'hungUp':
        this.#root = undefined;
        return this.#wire.close();
      case 'closed':
        return this.#onClosed();
      default:
        return message satisfies never;
    }
  }

  async #hold(columns: number): Promise<void> {
    await this.#inspected.connect();
    this.#connected = true;
    const stopped = this.#inspected.stopped();
    tell({type: 'armed', columns});
    await this.#release((await stopped) === 'gone' ? this.#unawaited() : await this.#talk());
  }

  #unawaited(): Release {
    this.#print([`${this.#label}: no code of yours awaits this breakpoint, so there is no place to stop at`]);
    return 'gone';
  }

  async #talk(): Promise<Release> {
    this.#print(await this.#prompt.arrive());
    for (;;) {
      const line = await this.#ask();
      if (line === undefined) return 'continue';
      const {lines, end} = await this.#run(line);
      this.#print(lines);
      if (end) return end;
    }
  }

  /** A fault of the prompt is shown there: it must not leave a stopped program behind. */
  async #run(line: string): Promise<Answer> {
    try {
      return await this.#prompt.run(line);
    } catch (error) {
      return {lines: [`! the debugger failed: ${error instanceof Error ? error.message : String(error)}`]};
    }
  }

  #print(lines: readonly string[]): void {
    if (lines.length > 0) this.#wire.send({type: 'print', text: lines.join('\n')});
  }

  #ask(): Promise<string | undefined> {
    if (this.#over) return Promise.resolve(undefined);
    this.#inspected.calm();
    this.#wire.send({type: 'ask', prompt: `${this.#label}> `});
    return new Promise(resolve => {
      this.#asked = resolve;
    });
  }

  #answer(line: string | undefined): void {
    const asked = this.#asked;
    this.#asked = undefined;
    asked?.(line);
  }

  /** The terminal first, so that nothing is printed on one that is not ready; then the program. */
  async #release(how: Release): Promise<void> {
    if (!this.#over) {
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, closeMs);
        this.#onClosed = () => {
          clearTimeout(timer);
          resolve();
        };
        this.#wire.send({type: 'close'});
      });
      this.#over = true;
      this.#wire.close();
    }
    // First, so that it is there in the first turn of the program's loop.
    tell({type: 'released', how});
    this.#inspected.disconnect();
    this.#connected = false;
  }

  /** The terminal is gone, with or without the root. A main thread that is stopped could not even end by itself. */
  async #lost(): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    this.#onClosed();
    if (!this.#connected) return tell({type: 'refused', why: 'the terminal cannot be reached'});
    if (this.#root !== undefined && (await isGone(this.#root))) process.kill(process.pid, 'SIGKILL');
    this.#answer(undefined);
    this.#inspected.disconnect();
  }
}

/** Whether a process has ended, or does so within a while: what it had open is closed a little before that. */
async function isGone(pid: number): Promise<boolean> {
  for (const until = performance.now() + goneMs; performance.now() < until; ) {
    if (!isAlive(pid)) return true;
    await new Promise(resolve => setTimeout(resolve, goneMs / 50));
  }
  return false;
}

/** One that has ended and that its parent has not asked for is not. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    if (process.platform !== 'linux') return true;
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
  } catch {
    return false;
  }
}

let session: Session | undefined;

main.on('message', (message: ToWorker) => {
  if (message.type === 'arm') session = new Session(message);
  else {
    session?.abandon();
    Atomics.store(message.done, 0, 1);
    Atomics.notify(message.done, 0);
  }
});

function tell(message: FromWorker): void {
  main.postMessage(message);
}
