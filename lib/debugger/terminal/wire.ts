/**
 * What an agent and the terminal say to one another: JSON, a line for each message, over a Unix socket between two worker
 * threads. Not the runtime's own channel: both main threads may be stopped while they speak.
 * Floor 7: below `terminal-worker` and `agent-worker`.
 *
 *   agent ── open ──▶ terminal      opened, or refused
 *   agent ── print / ask ──▶        line, or end (Ctrl-D)
 *   agent ◀── complete ──           completions
 *   agent ── roster ──▶             roster: who is in the tree
 *   agent ◀── interrupt ──          Ctrl-C while nothing is asked
 *   agent ◀── hungUp ──             there is nobody to talk to any more
 *   agent ── close ──▶              closed: the terminal is as it was before
 */
import type {Socket} from 'node:net';
import type {Roster} from './roster.js';

export type FromAgent =
  | {readonly type: 'open'; readonly label: string}
  | {readonly type: 'print'; readonly text: string}
  | {readonly type: 'ask'; readonly prompt: string}
  | {readonly type: 'roster'}
  | {readonly type: 'completions'; readonly id: number; readonly names: readonly string[]; readonly typed: string}
  | {readonly type: 'close'};

export type FromTerminal =
  /** `pid`: of the root. */
  | {readonly type: 'opened'; readonly columns: number; readonly rows: number; readonly pid: number}
  | {readonly type: 'refused'; readonly why: string}
  | {readonly type: 'line'; readonly text: string}
  | {readonly type: 'end'}
  | {readonly type: 'complete'; readonly id: number; readonly text: string}
  /** Undefined where nobody has told the terminal. */
  | {readonly type: 'roster'; readonly roster?: Roster | undefined}
  | {readonly type: 'interrupt'}
  /** The terminal is gone, and the root is not. */
  | {readonly type: 'hungUp'}
  | {readonly type: 'closed'};

/** A listing of a whole file fits; whoever sends more is not one of ours. */
const maxLine = 64 * 1024 * 1024;

/** One end of the conversation. After `gone` nothing more is received, and what is sent goes nowhere. */
export class Wire<In, Out> {
  readonly #socket: Socket;
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
      // The folder of the socket is the user's alone, and both ends are this library.
      if (!this.#socket.destroyed) receive(JSON.parse(line) as In);
    }
  }
}
