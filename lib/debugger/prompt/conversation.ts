/**
 * The conversation of one prompt with the terminal, from the opening to the close.
 * Floor 7: above `command-language` and `terminal/terminal-socket`. `agent-worker` uses it for a main thread that
 * stands still, `post-mortem-prompt` in a thread that runs. It loads nothing of the runtime.
 */
import {connect} from 'node:net';
import {plainClock} from '../../base/clock.js';
import {type Deferred, deferred} from '../../base/deferred.js';
import {escapeLine} from '../../base/escape.js';
import {thrownText} from '../../base/foreign.js';
import type {TerminalLook} from '../frames/agent-global.js';
import {drawRoster, type Roster} from '../terminal/roster.js';
import {
  type AgentToTerminal,
  type TerminalClaim,
  TerminalSocket,
  type TerminalToAgent,
} from '../terminal/terminal-socket.js';
import type {CommandLanguage, PromptEnd} from './command-language.js';

/** Told by the conversation. Either `opened` or `refused` is called, once. `lost` may be called before or after it. */
export interface ConversationListener {
  /** The terminal belongs to this prompt now. */
  opened(look: TerminalLook): void;
  refused(why: string): void;
  /** Ctrl-C while nothing is asked. */
  interrupt(): void;
  /** Something is about to be asked, so that nothing is left to interrupt. */
  calm(): void;
  /** The terminal is gone, with or without the root. An open question has been answered as with Ctrl-D. */
  lost(): void;
}

/** Timeout, in ms, for the terminal to restore its state, because a prompt that ends must not wait for ever. */
const closeMs = 3_000;
/** When a line has taken so long, in ms, the person is told who waits for the terminal meanwhile. */
const longMs = 2_000;
const waitsText =
  'waits for this terminal. If this line waits for that: Ctrl-C gives up the wait, and c lets it have the terminal';

export class Conversation {
  readonly #label: string;
  readonly #language: CommandLanguage;
  readonly #listener: ConversationListener;
  readonly #socket: TerminalSocket<TerminalToAgent, AgentToTerminal>;
  /** The line that is asked for. Undefined as a line means Ctrl-D. */
  #question: Deferred<string | undefined> | undefined;
  /** Commands that came together with one that was obeyed. */
  #ahead: string[] = [];
  #closing: Deferred<void> | undefined;
  #roster: Deferred<Roster | undefined> | undefined;
  /**
   * The process that has the terminal. Undefined before the opening, and when the terminal is gone without this
   * process.
   */
  root: number | undefined;
  #left = false;
  #over = false;

  /**
   * @param terminal the path at which it listens
   * @param claim where the lock of the terminal is still to be taken
   */
  constructor(
    terminal: string,
    label: string,
    language: CommandLanguage,
    listener: ConversationListener,
    claim?: TerminalClaim,
  ) {
    this.#label = label;
    this.#language = language;
    this.#listener = listener;
    this.#socket = new TerminalSocket(
      connect(terminal),
      message => void this.#receive(message),
      () => this.#lost(),
    );
    this.#socket.send({type: 'open', label, claim});
  }

  /** Shows where the program stands, and obeys lines until one of them ends the prompt. Never rejects. */
  async talk(): Promise<PromptEnd> {
    this.print(await this.#guarded(() => this.#language.arrive()));
    for (;;) {
      const line = this.#ahead.shift() ?? (await this.#whole());
      if (line === undefined) return 'continue';
      let end: PromptEnd | undefined;
      const stopTelling = this.#tellWhoWaits();
      const lines = await this.#guarded(async () => {
        const result = await this.#language.run(line);
        end = result.end;
        return result.wants === 'actors' ? await this.#actors() : result.lines;
      });
      stopTelling();
      this.print(lines);
      if (end) return end;
    }
  }

  print(lines: readonly string[]): void {
    if (lines.length > 0) this.#socket.send({type: 'print', text: lines.join('\n')});
  }

  /** Ends the talk as if the person had continued the program. */
  leave(lines: readonly string[]): void {
    this.#left = true;
    // The empty line is there because the person may be editing a line.
    this.print(['', ...lines]);
    this.#answer(undefined);
  }

  /** Resolves when the terminal is as it was before, or when that takes too long. */
  async close(): Promise<void> {
    if (this.#over) return;
    this.#closing = deferred();
    const stop = plainClock.timer(closeMs, this.#closing.resolve);
    this.#socket.send({type: 'close'});
    await this.#closing.promise;
    stop();
    this.abandon();
  }

  /**
   * Ends the connection without a message: the terminal notices the end. An open question is answered as with Ctrl-D.
   */
  abandon(): void {
    this.#over = true;
    this.#socket.close();
    this.#roster?.resolve(undefined);
    this.#answer(undefined);
  }

  async #receive(message: TerminalToAgent): Promise<void> {
    switch (message.type) {
      case 'opened':
        this.root = message.pid;
        return this.#listener.opened({columns: message.columns, colours: message.colours ?? false});
      case 'refused':
        this.abandon();
        return this.#listener.refused(message.why);
      case 'line':
        return this.#answer(message.text);
      case 'end':
        return this.#answer(undefined);
      case 'complete': {
        const [names, typed] = await this.#language.complete(message.text);
        return this.#socket.send({type: 'completions', id: message.id, names, typed});
      }
      case 'roster':
        this.#roster?.resolve(message.roster);
        this.#roster = undefined;
        return;
      case 'interrupt':
        this.#ahead = [];
        return this.#listener.interrupt();
      case 'hungUp':
        this.root = undefined;
        return this.#socket.close();
      case 'closed':
        return this.#closing?.resolve();
      default:
        return message satisfies never;
    }
  }

  /** Shows a fault of the debugger at the prompt, because it must not leave a stopped program behind. */
  async #guarded(lines: () => Promise<readonly string[]>): Promise<readonly string[]> {
    try {
      return await lines();
    } catch (error) {
      return [`! the debugger failed: ${thrownText(error)}`];
    }
  }

  /** Asks for lines until they are whole. Ctrl-C and Ctrl-D drop those that are not. */
  async #whole(): Promise<string | undefined> {
    let text = await this.#ask();
    while (text !== undefined && this.#language.isUnfinished(text)) {
      const next = await this.#ask(true);
      text = next === undefined ? await this.#ask() : `${text}\n${next}`;
    }
    if (text === undefined) return undefined;
    const [first, ...others] = this.#language.split(text);
    this.#ahead.push(...others);
    return first;
  }

  /** @param goesOn whether the line belongs to the one before */
  #ask(goesOn = false): Promise<string | undefined> {
    if (this.#over || this.#left) return Promise.resolve(undefined);
    this.#listener.calm();
    this.#question = deferred();
    const prompt = goesOn ? '... ' : `${this.#label}> `;
    this.#socket.send({type: 'ask', prompt, goesOn});
    return this.#question.promise;
  }

  /**
   * Tells of tasks that wait for the terminal while a line takes long. A call that is awaited at the prompt, or stepped over, never
   * ends when its function stops.
   */
  #tellWhoWaits(): () => void {
    let isOver = false;
    let stopTimer = (): void => {};
    const look = async (): Promise<void> => {
      const [first] = (await this.#askRoster())?.waiting ?? [];
      if (isOver) return;
      if (first) this.print([`${escapeLine(first.what)} ${waitsText}`]);
      else lookLater();
    };
    const lookLater = (): void => {
      stopTimer = plainClock.timer(longMs, () => void look());
    };
    lookLater();
    return () => {
      isOver = true;
      stopTimer();
    };
  }

  #askRoster(): Promise<Roster | undefined> {
    if (this.#over) return Promise.resolve(undefined);
    this.#roster ??= deferred();
    this.#socket.send({type: 'roster'});
    return this.#roster.promise;
  }

  async #actors(): Promise<readonly string[]> {
    const roster = await this.#askRoster();
    if (this.#over) return [];
    return roster ? drawRoster(roster) : ['nobody has told this terminal of actors'];
  }

  #answer(line: string | undefined): void {
    const question = this.#question;
    this.#question = undefined;
    question?.resolve(line);
  }

  #lost(): void {
    if (this.#over) return;
    this.#over = true;
    this.#closing?.resolve();
    this.#roster?.resolve(undefined);
    this.#answer(undefined);
    this.#listener.lost();
  }
}
