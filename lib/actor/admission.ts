/**
 * How many calls of one peer run here at a time, and how many it may cancel before they have ended.
 * Floor 5: between `peer`, which reads messages, and `dispatch`, which runs functions.
 *
 * A call counts until its function has settled, not until it is cancelled: opening and cancelling in a loop would
 * otherwise run any number of functions (the rapid reset of HTTP/2). What a peer of the own tree asks beyond that waits
 * its turn; any other peer is refused.
 */
import {plainClock, type Stop} from '../base/clock.js';
import {ResourceExhausted} from '../base/errors.js';
import {Kind, type Message} from '../msg/types.js';

export interface CallLimits {
  /** Calls of one peer whose functions have not settled: 10 000. */
  readonly calls: number;
  /** Calls of one peer that are cancelled before they have settled, in a second: 2 000. */
  readonly cancelsPerSecond: number;
}

export const defaultCallLimits: CallLimits = {calls: 10_000, cancelsPerSecond: 2_000};

/** What becomes of a call that is let in, refused, or ended by a message before it began. */
type Begin = (start: Message, instead?: ResourceExhausted | Message) => void;

export class Admission {
  readonly #limits: CallLimits;
  readonly #patient: boolean;
  readonly #begin: Begin;
  /** Gives a call that has begun what came for it meanwhile. */
  readonly #deliver: (message: Message) => void;
  #running = 0;
  #cancelled = 0;
  /** When the second began in which `#cancelled` were counted. */
  #second = 0;
  /** Calls that wait, each with what came for it since. */
  readonly #waiting = new Map<number, Message[]>();
  #stopTimer: Stop | undefined;

  constructor(options: {limits: CallLimits; patient: boolean; begin: Begin; deliver: (message: Message) => void}) {
    this.#limits = options.limits;
    this.#patient = options.patient;
    this.#begin = options.begin;
    this.#deliver = options.deliver;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  has(context: number): boolean {
    return this.#waiting.has(context);
  }

  /** A call has come. */
  open(start: Message): void {
    const full = this.#full();
    if (this.#patient && (full || this.#waiting.size > 0)) {
      this.#waiting.set(start.context, [kept(start)]);
      this.#wake();
      return;
    }
    this.#running++;
    this.#begin(start, full && refusal(full, this.#limits));
  }

  /** Keeps a message of a call that waits; what ends the call does so before it has begun. False for any other. */
  hold(message: Message): boolean {
    const messages = this.#waiting.get(message.context);
    if (!messages) return false;
    if (message.kind === Kind.Cancel || message.kind === Kind.Error) {
      this.#waiting.delete(message.context);
      this.#running++;
      this.#begin(messages[0] as Message, message);
      return true;
    }
    messages.push(kept(message));
    return true;
  }

  /** The function of a call has settled. */
  settled(cancelled: boolean): void {
    this.#running--;
    if (cancelled) {
      this.#count();
      this.#cancelled++;
    }
    if (this.#waiting.size > 0) this.#wake();
  }

  /** The channel has ended: nobody waits any more. */
  close(): void {
    this.#waiting.clear();
    this.#stopTimer?.();
  }

  /** What there is too much of. */
  #full(): keyof CallLimits | undefined {
    if (this.#running >= this.#limits.calls) return 'calls';
    if (this.#cancelled < this.#limits.cancelsPerSecond) return undefined;
    this.#count();
    return this.#cancelled >= this.#limits.cancelsPerSecond ? 'cancelsPerSecond' : undefined;
  }

  /** Begins a new second where the last is over. */
  #count(): void {
    const now = plainClock.now();
    if (now - this.#second < 1_000) return;
    this.#second = now;
    this.#cancelled = 0;
  }

  /** Lets in who waits, as far as there is room. */
  #wake(): void {
    for (const [context, [start, ...later]] of this.#waiting) {
      const full = this.#full();
      if (full === 'cancelsPerSecond') this.#wakeLater();
      if (full) return;
      this.#waiting.delete(context);
      this.#running++;
      this.#begin(start as Message);
      for (const message of later) this.#deliver(message);
    }
  }

  #wakeLater(): void {
    this.#stopTimer?.();
    this.#stopTimer = plainClock.timer(Math.max(1, this.#second + 1_000 - plainClock.now()), () => this.#wake());
  }
}

/** A copy: the bytes of a message belong to the channel, which goes on reading. */
function kept(message: Message): Message {
  return {kind: message.kind, context: message.context, seq: message.seq, payload: Uint8Array.from(message.payload)};
}

function refusal(what: keyof CallLimits, limits: CallLimits): ResourceExhausted {
  const text =
    what === 'calls'
      ? `${limits.calls} calls of this peer run already: wait until some have ended`
      : `this peer has cancelled ${limits.cancelsPerSecond} calls within a second: wait a second`;
  return new ResourceExhausted(text, {what});
}
