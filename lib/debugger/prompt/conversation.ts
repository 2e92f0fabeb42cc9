/**
 * The talk of one prompt with the terminal: opened, lines printed and asked for, closed.
 * Floor 7: above `wire` and `prompt`; `agent-worker` holds it for a thread that stands still, `post-mortem` in a thread that
 * runs. Loads nothing of the runtime.
 */
import {connect} from 'node:net';
import {plainClock} from '../../base/clock.js';
import {drawRoster, type Roster} from '../terminal/roster.js';
import {type FromAgent, type FromTerminal, Wire} from '../terminal/wire.js';
import type {Answer, Prompt} from './prompt.js';

/** How a talk ended. */
export type TalkEnd = NonNullable<Answer['end']>;

/** Who holds the talk. Of `opened` and `refused` one is called, once; `lost` after either of them, or before. */
export interface Listener {
  /** The terminal is this prompt's. */
  opened(columns: number): void;
  refused(why: string): void;
  /** Ctrl-C while nothing is asked. */
  interrupt(): void;
  /** Something is about to be asked: what was to be interrupted is over. */
  calm(): void;
  /** The terminal is gone, with or without the root. A question that is open has been answered as with Ctrl-D. */
  lost(): void;
}

/** How long the terminal may take to put itself in order. */
const closeMs = 3_000;

export class Conversation {
  readonly #label: string;
  readonly #prompt: Prompt;
  readonly #listener: Listener;
  readonly #wire: Wire<FromTerminal, FromAgent>;
  #asked: ((line: string | undefined) => void) | undefined;
  #onClosed: () => void = () => {};
  #onRoster: (roster: Roster | undefined) => void = () => {};
  /** The process whose terminal it is; undefined before it has opened, and when the terminal is gone without it. */
  root: number | undefined;
  #left = false;
  #over = false;

  /** @param terminal the path at which it listens */
  constructor(terminal: string, label: string, prompt: Prompt, listener: Listener) {
    this.#label = label;
    this.#prompt = prompt;
    this.#listener = listener;
    this.#wire = new Wire(
      connect(terminal),
      message => void this.#receive(message),
      () => this.#lost(),
    );
    this.#wire.send({type: 'open', label});
  }

  /** From the place at which the program stands to the line that ends the prompt. Never rejects. */
  async talk(): Promise<TalkEnd> {
    this.print(await this.#guarded(() => this.#prompt.arrive()));
    for (;;) {
      const line = await this.#ask();
      if (line === undefined) return 'continue';
      let end: TalkEnd | undefined;
      const lines = await this.#guarded(async () => {
        const answer = await this.#prompt.run(line);
        end = answer.end;
        return answer.wants === 'actors' ? await this.#actors() : answer.lines;
      });
      this.print(lines);
      if (end) return end;
    }
  }

  print(lines: readonly string[]): void {
    if (lines.length > 0) this.#wire.send({type: 'print', text: lines.join('\n')});
  }

  /** Ends the talk, as if the program had been continued at the prompt. */
  leave(lines: readonly string[]): void {
    this.#left = true;
    // Below the line that is being edited.
    this.print(['', ...lines]);
    this.#answer(undefined);
  }

  /** Resolves when the terminal is as it was before, or has taken too long for that. */
  async close(): Promise<void> {
    if (this.#over) return;
    await new Promise<void>(resolve => {
      const stop = plainClock.timer(closeMs, resolve);
      this.#onClosed = () => {
        stop();
        resolve();
      };
      this.#wire.send({type: 'close'});
    });
    this.abandon();
  }

  /** Without a word: the terminal sees it by the end of the connection. A question that is open is answered as with Ctrl-D. */
  abandon(): void {
    this.#over = true;
    this.#wire.close();
    this.#answer(undefined);
  }

  async #receive(message: FromTerminal): Promise<void> {
    switch (message.type) {
      case 'opened':
        this.root = message.pid;
        return this.#listener.opened(message.columns);
      case 'refused':
        this.abandon();
        return this.#listener.refused(message.why);
      case 'line':
        return this.#answer(message.text);
      case 'end':
        return this.#answer(undefined);
      case 'complete': {
        const [names, typed] = await this.#prompt.complete(message.text);
        return this.#wire.send({type: 'completions', id: message.id, names, typed});
      }
      case 'roster':
        return this.#onRoster(message.roster);
      case 'interrupt':
        return this.#listener.interrupt();
      case 'hungUp':
        this.root = undefined;
        return this.#wire.close();
      case 'closed':
        return this.#onClosed();
      default:
        return message satisfies never;
    }
  }

  /** A fault of the prompt is shown there: it must not leave a stopped program behind. */
  async #guarded(lines: () => Promise<readonly string[]>): Promise<readonly string[]> {
    try {
      return await lines();
    } catch (error) {
      return [`! the debugger failed: ${error instanceof Error ? error.message : String(error)}`];
    }
  }

  #ask(): Promise<string | undefined> {
    if (this.#over || this.#left) return Promise.resolve(undefined);
    this.#listener.calm();
    this.#wire.send({type: 'ask', prompt: `${this.#label}> `});
    return new Promise(resolve => {
      this.#asked = resolve;
    });
  }

  async #actors(): Promise<readonly string[]> {
    if (this.#over) return [];
    this.#wire.send({type: 'roster'});
    const roster = await new Promise<Roster | undefined>(resolve => {
      this.#onRoster = resolve;
    });
    return roster ? drawRoster(roster) : ['nobody has told this terminal of actors'];
  }

  #answer(line: string | undefined): void {
    const asked = this.#asked;
    this.#asked = undefined;
    asked?.(line);
  }

  #lost(): void {
    if (this.#over) return;
    this.#over = true;
    this.#onClosed();
    this.#onRoster(undefined);
    this.#answer(undefined);
    this.#listener.lost();
  }
}
