/**
 * Lets the calls of a peer in: so many run at a time, and so many may be cancelled before they have ended.
 * Floor 5: between `peer`, which reads messages, and `dispatch`, which runs functions.
 *
 * A call counts until its function has settled, not until it is cancelled. Otherwise a peer that opens and cancels calls in a
 * loop could run any number of functions (the rapid reset of HTTP/2). Further calls of a parent or a child wait for their
 * turn; those of any other peer are refused. The calls of every peer wait while it is behind with reading what it has asked for, because
 * their results would only wait beside those.
 */
import {plainClock, type Stop} from '../base/clock.js';
import {ProtocolError, ResourceExhausted} from '../base/errors.js';
import {Kind, type Message} from '../msg/types.js';

export interface CallLimits {
  /** Maximum calls of one peer whose functions have not settled. Default 10 000. */
  readonly calls: number;
  /** Maximum calls of one peer that are cancelled before they have settled, in a second. Default 2 000. */
  readonly cancelsPerSecond: number;
  /** Maximum memory in bytes of what waits for one peer to read it. Default 1 GiB. Beyond a quarter of it, further calls wait. */
  readonly unreadBytes?: number | undefined;
}

export const defaultCallLimits: CallLimits = {calls: 10_000, cancelsPerSecond: 2_000};

/** Maximum size in bytes of all messages of one peer that wait for the turn of their calls. */
const maxHeldBytes = 128 * 1024 * 1024;
/** The memory that a message takes beside its payload, in bytes. */
const messageOverhead = 128;

/**
 * Begins a call.
 *
 * @param instead why it is refused, or the message that ended it before it began
 */
type BeginCall = (start: Message, instead?: ResourceExhausted | Message) => void;

/** Why a call may not begin now. */
type Obstacle = 'calls' | 'cancelsPerSecond' | 'unread';

export class Admission {
  readonly #limits: CallLimits;
  /** Whether calls wait for their turn instead of being refused. */
  readonly #patient: boolean;
  /** Whether so much waits for the peer that it is to read before it calls. */
  readonly #isBehind: () => boolean;
  readonly #begin: BeginCall;
  /** Hands a message that came meanwhile to a call that has begun. */
  readonly #deliver: (message: Message) => void;
  #running = 0;
  #cancelled = 0;
  /** The start of the second for which `#cancelled` counts. */
  #second = 0;
  /** Calls that wait, by context: the Start, and the messages that came for the call since. */
  readonly #waiting = new Map<number, Message[]>();
  /** The size of these. */
  #heldBytes = 0;
  #stopTimer: Stop | undefined;

  constructor(options: {
    limits: CallLimits;
    patient: boolean;
    isBehind?: () => boolean;
    begin: BeginCall;
    deliver: (message: Message) => void;
  }) {
    this.#limits = options.limits;
    this.#patient = options.patient;
    this.#isBehind = options.isBehind ?? (() => false);
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
    const obstacle = this.#obstacle();
    const isToWait = obstacle === 'unread' || (this.#patient && obstacle !== undefined) || this.#waiting.size > 0;
    if (isToWait && this.#heldBytes < maxHeldBytes) {
      this.#waiting.set(start.context, [this.#kept(start)]);
      this.wake();
      return;
    }
    const refused = isToWait && obstacle !== 'unread' ? 'held' : obstacle;
    this.#running++;
    this.#begin(start, refused && refusalError(refused, this.#limits));
  }

  /**
   * Keeps a message of a call that waits. A message that ends the call ends it before it has begun. False when no such call
   * waits.
   */
  hold(message: Message): boolean {
    const messages = this.#waiting.get(message.context);
    if (!messages) return false;
    if (message.kind === Kind.Cancel || message.kind === Kind.Error) {
      this.#letGo(message.context, messages);
      this.#running++;
      this.#begin(messages[0] as Message, message);
      return true;
    }
    if (this.#heldBytes > maxHeldBytes)
      throw new ProtocolError(`more than ${maxHeldBytes} bytes arrived for calls that have not begun`);
    messages.push(this.#kept(message));
    return true;
  }

  /** The function of a call has settled. */
  settled(cancelled: boolean): void {
    this.#running--;
    if (cancelled) {
      this.#count();
      this.#cancelled++;
    }
    this.wake();
  }

  /** The channel has ended: no call waits any more. */
  close(): void {
    this.#waiting.clear();
    this.#heldBytes = 0;
    this.#stopTimer?.();
  }

  #obstacle(): Obstacle | undefined {
    if (this.#isBehind()) return 'unread';
    if (this.#running >= this.#limits.calls) return 'calls';
    if (this.#cancelled < this.#limits.cancelsPerSecond) return undefined;
    this.#count();
    return this.#cancelled >= this.#limits.cancelsPerSecond ? 'cancelsPerSecond' : undefined;
  }

  /** Begins a new second when the last one is over. */
  #count(): void {
    const now = plainClock.now();
    if (now - this.#second < 1_000) return;
    this.#second = now;
    this.#cancelled = 0;
  }

  /** Lets calls in that wait, as far as there is room. */
  wake(): void {
    if (this.#waiting.size === 0) return;
    for (const [context, messages] of this.#waiting) {
      const obstacle = this.#obstacle();
      if (obstacle === 'cancelsPerSecond') this.#wakeLater();
      if (obstacle) return;
      const [start, ...later] = messages;
      this.#letGo(context, messages);
      this.#running++;
      this.#begin(start as Message);
      for (const message of later) this.#deliver(message);
    }
  }

  /** A copy, because the bytes of a message belong to the channel, which goes on reading. */
  #kept(message: Message): Message {
    this.#heldBytes += sizeOf(message);
    return {...message, payload: Uint8Array.from(message.payload)};
  }

  #letGo(context: number, messages: readonly Message[]): void {
    this.#waiting.delete(context);
    for (const message of messages) this.#heldBytes -= sizeOf(message);
  }

  #wakeLater(): void {
    this.#stopTimer?.();
    this.#stopTimer = plainClock.timer(Math.max(1, this.#second + 1_000 - plainClock.now()), () => this.wake());
  }
}

/** The bytes that a message takes while it waits. One that came in pieces has been read: its value counts as many bytes as it came in. */
const sizeOf = ({payload, read}: Message): number => messageOverhead + (read?.bytes ?? payload.length);

function refusalError(what: Obstacle | 'held', limits: CallLimits): ResourceExhausted {
  const texts = {
    calls: `${limits.calls} calls of this peer run already: wait until some have ended`,
    cancelsPerSecond: `this peer has cancelled ${limits.cancelsPerSecond} calls within a second: wait a second`,
    unread: `more than ${maxHeldBytes} bytes of calls wait already, because this peer does not read what it has asked for`,
    held: `more than ${maxHeldBytes} bytes of calls wait already: wait until some have ended`,
  };
  return new ResourceExhausted(texts[what], {what: what === 'cancelsPerSecond' ? what : 'calls'});
}
