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
import type {MainToTerminal, TerminalToMain} from './terminal.js';
import {type AgentToTerminal, type TerminalClaim, TerminalSocket, type TerminalToAgent} from './terminal-socket.js';

const main = parentPort as MessagePort;
const {path, history: historyPath} = workerData as {readonly path: string; readonly history: string};
const history = new History(historyPath);

/** Timeout for a completion, in ms, because the keyboard waits for it. */
const completeMs = 2_000;

/** Timeout for the root to answer a claim, in ms, because the main thread of an actor waits for it. */
const claimMs = 2_000;
const claims = new Map<number, (granted: boolean) => void>();
let nextClaim = 0;

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
  /** Gives the lock back that was claimed for it. */
  #giveBack: () => void = () => {};
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
    this.#giveBack();
    this.#giveBack = () => {};
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
        return message.claim ? this.#claim(message.claim) : this.#open();
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

  /** The root says at once whether its lock is free. It cannot say so while its own main thread stands still. */
  async #claim(claim: TerminalClaim): Promise<void> {
    if (open || hungUp) return this.#refuse('somebody else has the terminal');
    const id = nextClaim++;
    const granted = new Promise<boolean>(resolve => {
      const stop = plainClock.timer(claimMs, () => resolve(false));
      claims.set(id, is => {
        stop();
        resolve(is);
      });
    });
    main.postMessage({type: 'claim', id, claim} satisfies TerminalToMain);
    const isGranted = await granted;
    claims.delete(id);
    // A late answer must not leave the lock with nobody.
    this.#giveBack = () => main.postMessage({type: 'unclaim', id} satisfies TerminalToMain);
    if (isGranted && !this.#gone) return this.#open();
    this.#giveBack();
    this.#refuse('somebody else has the terminal');
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
server.listen(path, () => main.postMessage({type: 'listening'} satisfies TerminalToMain));

main.on('message', (message: MainToTerminal) => {
  if (message.type === 'redraw') return open?.redraw();
  if (message.type === 'claimed') return claims.get(message.id)?.(message.granted);
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
