// A terminal that a spec plays, for the agent of a process whose main thread really stands still.
// Beside screen.ts, which has a real one.
import {mkdtempSync, rmSync} from 'node:fs';
import {createServer, type Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import {
  type AgentToTerminal,
  TerminalSocket,
  type TerminalToAgent,
} from '../../lib/debugger/terminal/terminal-socket.js';

/** The terminal to which an agent connects: it says yes, and types what the test says. */
export class FakeTerminal {
  readonly path: string;
  #wire: TerminalSocket<AgentToTerminal, TerminalToAgent> | undefined;
  #waiting: ((message: AgentToTerminal) => void) | undefined;
  readonly #messages: AgentToTerminal[] = [];

  constructor(t: ExecutionContext) {
    const folder = mkdtempSync(join(tmpdir(), 'agent-'));
    this.path = join(folder, 'terminal');
    const server = createServer(socket => this.#accept(socket)).listen(this.path);
    t.teardown(() => {
      server.close();
      this.#wire?.close();
      rmSync(folder, {recursive: true});
    });
  }

  #accept(socket: Socket): void {
    const receive = (message: AgentToTerminal): void => {
      // Asked for a line that takes long on a busy machine, to tell who waits.
      if (message.type === 'roster') return;
      if (this.#waiting) this.#waiting(message);
      else this.#messages.push(message);
      this.#waiting = undefined;
    };
    this.#wire = new TerminalSocket<AgentToTerminal, TerminalToAgent>(socket, receive, () => {});
  }

  send(message: TerminalToAgent): void {
    this.#wire?.send(message);
  }

  /** The next message of the agent. */
  next(): Promise<AgentToTerminal> {
    const message = this.#messages.shift();
    return message ? Promise.resolve(message) : new Promise(resolve => (this.#waiting = resolve));
  }

  /** The text that is printed before the next question. */
  async asked(): Promise<string> {
    for (let printed = ''; ; ) {
      const message = await this.next();
      if (message.type === 'ask') return printed;
      if (message.type === 'print') printed += message.text;
    }
  }

  /** The text that an agent prints when it has its terminal. */
  async opened(t: ExecutionContext, pid = process.pid): Promise<string> {
    t.is((await this.next()).type, 'open');
    this.send({type: 'opened', columns: 80, rows: 24, pid});
    return this.asked();
  }

  type(text: string): Promise<string> {
    this.send({type: 'line', text});
    return this.asked();
  }

  /** Ends the session as a terminal does. */
  async release(t: ExecutionContext, text: string): Promise<void> {
    this.send({type: 'line', text});
    t.is((await this.next()).type, 'close');
    this.send({type: 'closed'});
  }

  /** Goes away without a word. */
  vanish(): void {
    this.#wire?.close();
  }

  async complete(text: string): Promise<readonly string[]> {
    this.send({type: 'complete', id: 1, text});
    const message = await this.next();
    return message.type === 'completions' ? message.names : [];
  }
}
