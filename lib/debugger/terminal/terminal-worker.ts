/**
 * The thread in the root that owns the terminal: the only code of the tree that touches `/dev/tty`. Agents connect to
 * its socket; one agent at a time has the screen, and the others wait.
 * Floor 7: the entry of the worker that `terminal` starts; above `screen` and `terminal-socket`.
 */
import {createServer, type Socket} from 'node:net';
import {type MessagePort, parentPort, workerData} from 'node:worker_threads';
import {plainClock} from '../../base/clock.js';
import {deferred} from '../../base/deferred.js';
import {thrownText} from '../../base/foreign.js';
import {confirmExit} from './debugger-thread.js';
import {History} from './history.js';
import type {Roster} from './roster.js';
import {Screen} from './screen.js';
import type {MainToTerminal} from './terminal.js';
import {type AgentToTerminal, TerminalSocket, type TerminalToAgent} from './terminal-socket.js';

const main = parentPort as MessagePort;
const {path, history: historyPath} = workerData as {readonly path: string; readonly history: string};
const history = new History(historyPath);

/** Timeout for a completion, in ms, because the keyboard waits for it. */
const completeMs = 2_000;

let roster: Roster | undefined;
/** The agent that has the screen. */
let open: AgentConnection | undefined;
let hungUp = false;
/** Resolves when the last agent of the queue has given the screen back. */
let free: Promise<void> = Promise.resolve();

class AgentConnection {
  #screen: Screen | undefined;
  readonly #socket: TerminalSocket<AgentToTerminal, TerminalToAgent>;
  readonly #completions = new Map<number, (names: readonly string[], typed: string) => void>();
  #nextCompletion = 0;
  #release: () => void = () => {};
  #gone = false;

  constructor(socket: Socket) {
    this.#socket = new TerminalSocket(
      socket,
      message => void this.#receive(message),
      () => this.#end(),
    );
  }

  /** Restores the terminal, and gives it to the next agent. */
  end(): void {
    this.#screen?.close();
    this.#screen = undefined;
    if (open === this) open = undefined;
    this.#release();
  }

  hangUp(): void {
    this.#socket.send({type: 'hungUp'});
    this.#socket.close();
  }

  redraw(): void {
    this.#screen?.redraw();
  }

  #end(): void {
    this.#gone = true;
    this.end();
  }

  #receive(message: AgentToTerminal): void | Promise<void> {
    switch (message.type) {
      case 'open':
        return this.#open();
      case 'print':
        return this.#screen?.print(message.text);
      case 'ask':
        return this.#screen?.ask(message.prompt, message.goesOn);
      case 'roster':
        return this.#socket.send({type: 'roster', roster});
      case 'completions':
        return this.#completed(message.id, message.names, message.typed);
      case 'close':
        this.end();
        return this.#socket.send({type: 'closed'});
      default:
        return message satisfies never;
    }
  }

  async #open(): Promise<void> {
    const before = free;
    const released = deferred();
    free = released.promise;
    this.#release = released.resolve;
    await before;
    if (this.#gone) return this.#release();
    if (hungUp) return this.#refuse('the terminal has hung up');
    try {
      this.#screen = new Screen({
        history,
        line: text => this.#socket.send({type: 'line', text}),
        end: () => this.#socket.send({type: 'end'}),
        interrupt: () => this.#socket.send({type: 'interrupt'}),
        complete: text => this.#complete(text),
        gone: () => this.hangUp(),
      });
      open = this;
      this.#socket.send({type: 'opened', ...this.#screen.look, pid: process.pid});
    } catch (error) {
      this.#refuse(thrownText(error));
    }
  }

  #refuse(why: string): void {
    this.#socket.send({type: 'refused', why});
    this.#release();
  }

  #complete(text: string): Promise<[names: string[], typed: string]> {
    const id = this.#nextCompletion++;
    return new Promise(resolve => {
      const stop = plainClock.timer(completeMs, () => this.#completed(id, [], ''));
      this.#completions.set(id, (names, typed) => {
        stop();
        resolve([[...names], typed]);
      });
      this.#socket.send({type: 'complete', id, text});
    });
  }

  #completed(id: number, names: readonly string[], typed: string): void {
    this.#completions.get(id)?.(names, typed);
    this.#completions.delete(id);
  }
}

const server = createServer(socket => void new AgentConnection(socket));
server.listen(path, () => main.postMessage('listening'));

main.on('message', (message: MainToTerminal) => {
  if (message.type === 'redraw') return open?.redraw();
  if (message.type === 'hangUp') {
    hungUp = true;
    return open?.hangUp();
  }
  if (message.type === 'roster') {
    roster = message.roster;
    return;
  }
  open?.end();
  server.close();
  if (message.done) confirmExit(message.done);
  process.exit();
});
