/**
 * The thread in the root that owns the terminal: the only code of the tree that touches `/dev/tty`. Agents connect to its
 * socket; one at a time has a session, the others wait.
 * Floor 7: the entry of the worker that `terminal` starts; above `screen` and `wire`.
 */
import {createServer, type Socket} from 'node:net';
import {type MessagePort, parentPort, workerData} from 'node:worker_threads';
import {plainClock} from '../../base/clock.js';
import {History} from './history.js';
import type {Roster} from './roster.js';
import {Screen} from './screen.js';
import type {ToTerminalWorker} from './terminal.js';
import {confirm} from './thread.js';
import {type FromAgent, type FromTerminal, Wire} from './wire.js';

const main = parentPort as MessagePort;
const {path, history: historyPath} = workerData as {readonly path: string; readonly history: string};
const history = new History(historyPath);

/** How long a completion may take: the keyboard waits for it. */
const completeMs = 2_000;

let roster: Roster | undefined;
let open: Session | undefined;
let hungUp = false;
let free: Promise<void> = Promise.resolve();

class Session {
  #screen: Screen | undefined;
  readonly #wire: Wire<FromAgent, FromTerminal>;
  readonly #completions = new Map<number, (names: readonly string[], typed: string) => void>();
  #nextCompletion = 0;
  #release: () => void = () => {};
  #gone = false;

  constructor(socket: Socket) {
    this.#wire = new Wire(
      socket,
      message => void this.#receive(message),
      () => this.#end(),
    );
  }

  /** The terminal as it was before, and the next one's. */
  end(): void {
    this.#screen?.close();
    this.#screen = undefined;
    if (open === this) open = undefined;
    this.#release();
  }

  hangUp(): void {
    this.#wire.send({type: 'hungUp'});
    this.#wire.close();
  }

  redraw(): void {
    this.#screen?.redraw();
  }

  #end(): void {
    this.#gone = true;
    this.end();
  }

  #receive(message: FromAgent): void | Promise<void> {
    switch (message.type) {
      case 'open':
        return this.#open();
      case 'print':
        return this.#screen?.print(message.text);
      case 'ask':
        return this.#screen?.ask(message.prompt);
      case 'roster':
        return this.#wire.send({type: 'roster', roster});
      case 'completions':
        return this.#completed(message.id, message.names, message.typed);
      case 'close':
        this.end();
        return this.#wire.send({type: 'closed'});
      default:
        return message satisfies never;
    }
  }

  async #open(): Promise<void> {
    const before = free;
    free = new Promise(resolve => {
      this.#release = resolve;
    });
    await before;
    if (this.#gone) return this.#release();
    if (hungUp) return this.#refuse('the terminal has hung up');
    try {
      this.#screen = new Screen({
        history,
        line: text => this.#wire.send({type: 'line', text}),
        end: () => this.#wire.send({type: 'end'}),
        interrupt: () => this.#wire.send({type: 'interrupt'}),
        complete: text => this.#complete(text),
        gone: () => this.hangUp(),
      });
      open = this;
      this.#wire.send({type: 'opened', ...this.#screen.size, pid: process.pid});
    } catch (error) {
      this.#refuse(error instanceof Error ? error.message : String(error));
    }
  }

  #refuse(why: string): void {
    this.#wire.send({type: 'refused', why});
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
      this.#wire.send({type: 'complete', id, text});
    });
  }

  #completed(id: number, names: readonly string[], typed: string): void {
    this.#completions.get(id)?.(names, typed);
    this.#completions.delete(id);
  }
}

const server = createServer(socket => void new Session(socket));
server.listen(path, () => main.postMessage('listening'));

main.on('message', (message: ToTerminalWorker) => {
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
  if (message.done) confirm(message.done);
  process.exit();
});
