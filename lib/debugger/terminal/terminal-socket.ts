/**
 * The messages between an agent and the terminal: JSON, one line for each message, over a Unix socket between two
 * worker threads. The runtime's own channel does not serve here, because both main threads may stand still meanwhile.
 * Floor 7: below `terminal-worker` and `prompt/conversation`. The agent is the thread that has the prompt: a worker at
 * a breakpoint, the main thread at a crash.
 *
 *   agent ── open ──▶ terminal      opened, or refused
 *   agent ── print / ask ──▶        line, or end (Ctrl-D)
 *   agent ◀── complete ──           completions
 *   agent ── roster ──▶             roster: who is in the tree
 *   agent ◀── interrupt ──          Ctrl-C while nothing is asked
 *   agent ◀── hungUp ──             the person is gone
 *   agent ── close ──▶              closed: the terminal is as it was before
 */
import type {Socket} from 'node:net';
import type {ActorId} from '../../base/actor-id.js';
import type {Roster} from './roster.js';

/** An actor that asks for the lock of the terminal by the terminal's thread, because its own main thread stands in a statement. */
export interface TerminalClaim {
  readonly actor: ActorId;
  /** The statement, for people. */
  readonly what: string;
}

export type AgentToTerminal =
  | {readonly type: 'open'; readonly label: string; readonly claim?: TerminalClaim | undefined}
  | {readonly type: 'print'; readonly text: string}
  /** `goesOn`: the line belongs to the one before; Ctrl-C drops both, and is answered with `end`. */
  | {readonly type: 'ask'; readonly prompt: string; readonly goesOn?: boolean}
  | {readonly type: 'roster'}
  | {readonly type: 'completions'; readonly id: number; readonly names: readonly string[]; readonly typed: string}
  | {readonly type: 'close'};

export type TerminalToAgent =
  /** `pid`: the process of the root. */
  | {
      readonly type: 'opened';
      readonly columns: number;
      readonly rows: number;
      readonly colours?: boolean;
      readonly pid: number;
    }
  | {readonly type: 'refused'; readonly why: string}
  | {readonly type: 'line'; readonly text: string}
  | {readonly type: 'end'}
  | {readonly type: 'complete'; readonly id: number; readonly text: string}
  /** Undefined where the root has not told the terminal who is in the tree. */
  | {readonly type: 'roster'; readonly roster?: Roster | undefined}
  | {readonly type: 'interrupt'}
  /** The terminal is gone, and the root is not. */
  | {readonly type: 'hungUp'}
  | {readonly type: 'closed'};

/** Maximum length of one message, in characters: the listing of a large file fits. */
const maxLine = 64 * 1024 * 1024;

/** One end of the connection. After `gone` nothing is received, and what is sent is dropped. */
export class TerminalSocket<In, Out> {
  readonly #socket: Socket;
  /** The beginning of a message whose end has not come yet. */
  #rest = '';

  constructor(socket: Socket, receive: (message: In) => void, gone: () => void) {
    this.#socket = socket;
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => this.#read(chunk, receive));
    socket.on('error', () => {});
    socket.once('close', gone);
  }

  send(message: Out): void {
    if (!this.#socket.destroyed) this.#socket.write(`${JSON.stringify(message)}\n`);
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(chunk: string, receive: (message: In) => void): void {
    const lines = (this.#rest + chunk).split('\n');
    this.#rest = lines.pop() ?? '';
    if (this.#rest.length > maxLine) return this.close();
    for (const line of lines) {
      // It is not validated: only the user can open the folder of the socket, and both ends are this library.
      if (!this.#socket.destroyed) receive(JSON.parse(line) as In);
    }
  }
}
