/**
 * The receiving half of a stream: keeps values until every consumer has had them, and grants credit as they are consumed.
 * Floor 4, room `flow`: above `credit`; `protocol/halves` fills it, and `rx/` takes the values out.
 *
 * Values lie in one log. A consumer is a position in that log. Therefore several consumers see each value once and in
 * order, the slowest one decides how much the sender may send, and a consumer that leaves takes no value with it.
 */
import {ProtocolError} from '../../base/errors.js';
import {Fifo} from '../../base/fifo.js';
import {leaveUncaught} from '../../base/uncaught.js';
import type {WindowBudget} from '../../channel/window-budget.js';
import {type Grant, ReceiveCredit} from './credit.js';

/** How a stream has ended at the receiver. Without `error` it was completed. */
export interface StreamEnd {
  readonly error?: unknown;
}

/** A value in the log, or the end behind the last value. */
export type Item = {readonly value: unknown} | StreamEnd;

export interface Consumer {
  /** Values, or the end, wait at its position. */
  ready(): void;
  /** Whether it may be left without an end: a subscriber may, while a pending `next()` would hang. */
  readonly mutable: boolean;
  /** Whether code waits for its next value. Absent: it is called with the value, and nothing waits. */
  readonly isWaiting?: boolean;
  /** For a consumer that must see the end: it takes no more values and waits for the end alone. */
  mute?(): void;
}

interface Entry {
  readonly value: unknown;
  readonly bytes: number;
}

interface Position {
  /** The number of the next value for this consumer. */
  next: number;
  /** How many of the last values were handed to the consumer and may still come back. */
  held: number;
  /** How many values the consumer may be behind. Then it misses values instead of holding back the sender. */
  readonly lag: number | undefined;
  /** Values that the consumer has missed and was not told about yet. */
  missed: number;
}

export class Inlet {
  readonly #credit: ReceiveCredit;
  readonly #grant: (grant: Grant) => void;
  readonly #lagged: ((missed: number) => void) | undefined;
  /** The values that are kept; the first one has the number `#base`. */
  readonly #log = new Fifo<Entry>();
  #base = 1;
  /** The number of the first value for which no credit was returned yet. */
  #credited = 1;
  readonly #positions = new Map<Consumer, Position>();
  /** Set within the turn in which the first consumer came: consumers that come in the same turn begin where it began. */
  #isGathering = false;
  /** Set while the values that no consumer wants are dropped. */
  #isDraining = false;
  /** How the stream has ended; undefined while it is open. */
  ended: StreamEnd | undefined;
  /** Whether this end has granted credit. */
  opened = false;
  received = 0;
  dropped = 0;

  constructor(options: {
    window: number;
    windowBytes: number;
    budget?: WindowBudget;
    grant: (grant: Grant) => void;
    /** Called when a consumer is told that it has missed values. */
    lagged?: (missed: number) => void;
  }) {
    this.#credit = new ReceiveCredit(options.window, options.windowBytes, options.budget);
    this.#grant = options.grant;
    this.#lagged = options.lagged;
  }

  /** Grants the first window. @param granted its bytes, when the grant has travelled with the Start already */
  open(granted?: number): void {
    this.opened = true;
    // A stream that has ended needs no window, because nothing would give it back.
    if (this.ended) return;
    const grant = this.#credit.open(granted);
    if (granted === undefined) this.#grant(grant);
  }

  /** A value has arrived. Returns false when it is beyond the credit. @throws ProtocolError when a value before it is missing */
  accept(seq: number, value: unknown, bytes: number): boolean {
    if (!this.#credit.accept(seq, bytes)) return false;
    this.received++;
    this.#log.push({value, bytes});
    if (this.#isDraining && this.#positions.size === 0) this.#dropAll();
    else
      for (const position of this.#positions.values())
        if (position.lag !== undefined) this.#moveUp(position, position.lag);
    return true;
  }

  /** After the values of a frame: lets every consumer take them. */
  deliver(): void {
    for (const consumer of this.#positions.keys()) {
      // A consumer may end in code of a user. The other consumers, and the messages behind this one, are not its affair.
      try {
        consumer.ready();
      } catch (error) {
        leaveUncaught(error);
      }
    }
  }

  /** @throws ProtocolError when values that were sent have not arrived */
  checkLast(last: number): void {
    if (last !== this.#credit.received)
      throw new ProtocolError(`a stream of ${last} values ended after ${this.#credit.received}`);
  }

  /**
   * Nothing more comes. Consumers see the end behind the last value. The first end stands, with one exception: an error
   * that becomes known after a regular end is what later reads report (rule S7).
   */
  finish(end: StreamEnd): void {
    if (this.ended) {
      if ('error' in end && !('error' in this.ended)) this.ended = end;
      return;
    }
    this.ended = end;
    this.#credit.close();
    this.deliver();
  }

  /** A consumer begins at the backlog, when it comes in the turn of the first consumer; later ones begin at the next value. */
  attach(consumer: Consumer, lag?: number): void {
    if (this.#positions.size === 0) this.#gather();
    this.#positions.set(consumer, {next: this.#isGathering ? this.#base : this.#next(), held: 0, lag, missed: 0});
  }

  /**
   * A consumer leaves. With `giveBack`, the values that it held return to the log. The position of the last consumer stays,
   * so that the next consumer goes on there.
   */
  detach(consumer: Consumer, giveBack = false): void {
    const position = this.#positions.get(consumer);
    if (position === undefined) return;
    if (giveBack) position.next -= position.held;
    position.held = 0;
    if (this.#positions.size === 1) this.#isGathering = false;
    this.#trim();
    this.#positions.delete(consumer);
    if (this.#positions.size > 0) this.#trim();
    else if (this.#isDraining) this.#dropAll();
  }

  /** Subscribers are told nothing more, and nobody begins work on another value. */
  mute(): void {
    this.quit();
    for (const consumer of this.#positions.keys()) if (consumer.mutable) this.detach(consumer);
  }

  /** The scope of the stream is left: consumers that must see the end get no more values before it. */
  quit(): void {
    for (const consumer of this.#positions.keys()) consumer.mute?.();
  }

  get consumers(): number {
    return this.#positions.size;
  }

  /** Whether code waits for a value that has not come. */
  get isAwaited(): boolean {
    if (this.ended) return false;
    for (const [consumer, {next}] of this.#positions)
      if (consumer.isWaiting && this.#itemAt(next) === undefined) return true;
    return false;
  }

  /** Whether the sender has used up its credit, so that it waits until somebody here takes values. */
  get isFull(): boolean {
    return this.opened && !this.ended && this.#credit.exhausted;
  }

  /** The item that is `ahead` values behind the consumer's position. Undefined when it has not come yet. */
  peek(consumer: Consumer, ahead = 0): Item | undefined {
    const position = this.#positions.get(consumer);
    return position && this.#itemAt(position.next + ahead);
  }

  /** Takes the next item for this consumer; a value counts as consumed. Undefined when nothing has come yet. */
  take(consumer: Consumer): Item | undefined {
    const position = this.#positions.get(consumer);
    if (position === undefined) return undefined;
    const item = this.#itemAt(position.next);
    if (item !== undefined && isValue(item)) this.#goOn(position, false);
    return item;
  }

  /** Counts the next value as consumed by this consumer. With `hold`, only once it is released, because it may come back. */
  advance(consumer: Consumer, hold = false): void {
    const position = this.#positions.get(consumer);
    if (position !== undefined) this.#goOn(position, hold);
  }

  #goOn(position: Position, hold: boolean): void {
    const from = position.next - position.held;
    // Only the slowest consumer, or the slowest one that may hold back the sender, changes what is kept and what is granted.
    const isSlowest = from === this.#base || from === this.#credited;
    position.next++;
    if (hold || position.held > 0) position.held++;
    else if (isSlowest) this.#trim();
  }

  /** How many values this consumer has missed since it asked last. */
  takeMissed(consumer: Consumer): number {
    const position = this.#positions.get(consumer);
    const missed = position?.missed ?? 0;
    if (position) position.missed = 0;
    if (missed > 0) this.#lagged?.(missed);
    return missed;
  }

  /** The values that were handed to this consumer do not come back any more. */
  release(consumer: Consumer): void {
    const position = this.#positions.get(consumer);
    if (position === undefined) return;
    position.held = 0;
    this.#trim();
  }

  /** `result()` wants the end of the stream: values that no consumer wants are dropped and counted. */
  drain(): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    if (!this.opened) this.open();
    if (this.#positions.size === 0) this.#dropAll();
  }

  /** Drops everything that is kept. */
  #dropAll(): void {
    this.dropped += this.#log.size;
    const next = this.#next();
    this.#return(next);
    this.#forget(next);
  }

  /** A consumer that is too far behind goes on from the oldest value that it may still have. */
  #moveUp(position: Position, lag: number): void {
    const oldest = this.#next() - lag;
    if (position.next < oldest) {
      position.missed += oldest - position.next;
      position.next = oldest;
      position.held = 0;
    }
    this.#trim();
  }

  /** The number of the value that comes next. */
  #next(): number {
    return this.#base + this.#log.size;
  }

  #itemAt(number: number): Item | undefined {
    return this.#log.at(number - this.#base) ?? this.ended;
  }

  #gather(): void {
    this.#isGathering = true;
    queueMicrotask(() => {
      this.#isGathering = false;
      this.#trim();
    });
  }

  /** Returns credit for the values that nobody holds back any more, and forgets the values that everybody has had. */
  #trim(): void {
    if (this.#isGathering || this.#positions.size === 0) return;
    let kept = this.#next();
    let consumed = kept;
    for (const {next, held, lag} of this.#positions.values()) {
      kept = Math.min(kept, next - held);
      if (lag === undefined) consumed = Math.min(consumed, next - held);
    }
    this.#return(consumed);
    this.#forget(kept);
  }

  #return(until: number): void {
    let bytes = 0;
    const count = until - this.#credited;
    if (count <= 0) return;
    for (let number = this.#credited; number < until; number++)
      bytes += (this.#log.at(number - this.#base) as Entry).bytes;
    this.#credited = until;
    const grant = this.#credit.consume(count, bytes);
    if (grant) this.#grant(grant);
  }

  #forget(until: number): void {
    for (; this.#base < until; this.#base++) this.#log.shift();
  }
}

/** Whether an item is a value, and not the end. */
export function isValue(item: Item): item is {readonly value: unknown} {
  return 'value' in item;
}
