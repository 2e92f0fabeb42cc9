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
 *   runs on for `await EXPR`, then `debugger` again
 *                                close ────────────────────────▶
 *   runs ◀── disconnect          ◀──────────────────────── closed
 *   ◀── released
 */
import {readFileSync} from 'node:fs';
import {type MessagePort, parentPort} from 'node:worker_threads';
import {plainClock} from '../../base/clock.js';
import {Arrival} from '../frames/arrival.js';
import {Inspected} from '../frames/inspected.js';
import {confirm} from '../terminal/thread.js';
import type {FromWorker, ToWorker} from './agent.js';
import {Conversation} from './conversation.js';
import {Prompt} from './prompt.js';

type Release = Extract<FromWorker, {type: 'released'}>['how'];

const main = parentPort as MessagePort;

/** How long a root may take to end once its terminal is gone. */
const goneMs = 1_000;

class Session {
  readonly #inspected: Inspected;
  readonly #arrival: Arrival;
  readonly #label: string;
  readonly #conversation: Conversation;
  readonly #over: Int32Array;
  #connected = false;

  constructor({terminal, label, evaluateMs, held, over}: Extract<ToWorker, {type: 'arm'}>) {
    const inspected = new Inspected(evaluateMs);
    const arrival = new Arrival(inspected, held);
    this.#inspected = inspected;
    this.#arrival = arrival;
    inspected.onResumed = () => this.#conversation.leave(['another debugger has resumed the program']);
    this.#label = label;
    this.#over = over;
    this.#conversation = new Conversation(terminal, label, new Prompt(arrival), {
      opened: columns => void this.#hold(columns),
      refused: why => tell({type: 'refused', why}),
      interrupt: () => arrival.interrupt(),
      calm: () => inspected.calm(),
      lost: () => void this.#lost(),
    });
  }

  /** The process ends: a session that is still connected then would keep it waiting. */
  abandon(): void {
    if (this.#connected) this.#inspected.disconnect();
    this.#conversation.abandon();
  }

  async #hold(columns: number): Promise<void> {
    await this.#inspected.connect();
    this.#connected = true;
    const stopped = this.#arrival.stopped();
    tell({type: 'armed', columns});
    await this.#release((await stopped) === 'gone' ? this.#unawaited() : await this.#talk());
  }

  async #talk(): Promise<Release> {
    const end = await this.#conversation.talk();
    await this.#arrival.leave(end);
    return end;
  }

  #unawaited(): Release {
    const why = 'no code of yours awaits this breakpoint, so there is no place to stop at';
    this.#conversation.print([`${this.#label}: ${why}`]);
    return 'gone';
  }

  /** The terminal first, so that nothing is printed on one that is not ready; then the program. */
  async #release(how: Release): Promise<void> {
    await this.#conversation.close();
    // First, so that it is there in the first turn of the program's loop.
    tell({type: 'released', how});
    Atomics.store(this.#over, 0, 1);
    this.#inspected.disconnect();
    this.#connected = false;
  }

  /** The terminal is gone, with or without the root. A main thread that is stopped could not even end by itself. */
  async #lost(): Promise<void> {
    if (!this.#connected) return tell({type: 'refused', why: 'the terminal cannot be reached'});
    const {root} = this.#conversation;
    if (root !== undefined && (await isGone(root))) process.kill(process.pid, 'SIGKILL');
    this.#inspected.disconnect();
  }
}

/** Whether a process has ended, or does so within a while: what it had open is closed a little before that. */
async function isGone(pid: number): Promise<boolean> {
  for (const until = plainClock.now() + goneMs; plainClock.now() < until; ) {
    if (!isAlive(pid)) return true;
    await plainClock.pause(goneMs / 50);
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
    confirm(message.done);
  }
});

function tell(message: FromWorker): void {
  main.postMessage(message);
}
