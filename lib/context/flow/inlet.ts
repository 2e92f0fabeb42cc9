/**
 * The receiving half of a stream: keeps values until every consumer has had them, and grants credit as they go.
 * Floor 4: below `msg-stream`, which puts the face of RxJS on it; no RxJS here.
 *
 * Values lie in one log. A consumer is a place in that log, so several see each value once and in order, the slowest
 * decides how much the sender may send, and one that leaves takes nothing with it.
 */
import {ProtocolError} from '../../base/errors.js';
import type {WindowBudget} from '../../channel/budget.js';
import {type Grant, ReceiveCredit} from './credit.js';

/** How a stream ended here: `error` absent means completed. */
export interface StreamEnd {
  readonly error?: unknown;
}

/** Someone who takes values. */
export interface Consumer {
  /** Values, or the end, wait at its place: look with `peek`, go on with `advance`. */
  ready(): void;
  /** Whether it may be left without an end: a subscriber may, a pending `next()` would hang. */
  readonly mutable: boolean;
  /** Where it may not be left: takes no more values, and waits for the end alone. */
  mute?(): void;
}

interface Entry {
  readonly value: unknown;
  readonly bytes: number;
}

interface Place {
  /** The number of the next value for this consumer. */
  next: number;
  /** How many of the last ones it was handed are not yet consumed for good. */
  held: number;
  /** How far it may be behind; then it misses values, and holds back nobody. */
  readonly lag: number | undefined;
  /** Values that it has missed and was not told of. */
  missed: number;
}

export class Inlet {
  readonly #credit: ReceiveCredit;
  readonly #grant: (grant: Grant) => void;
  /** Kept values; the first has the number `#base`. */
  readonly #log: Entry[] = [];
  #logFrom = 0;
  #base = 1;
  /** The number of the first value for which no credit was returned yet. */
  #credited = 1;
  readonly #places = new Map<Consumer, Place>();
  /** Within the turn in which the first consumer came: others may still join it at the beginning. */
  #gathering = false;
  #end: StreamEnd | undefined;
  #draining = false;
  #opened = false;
  received = 0;
  dropped = 0;

  constructor(options: {
    window: number;
    windowBytes: number;
    budget?: WindowBudget;
    grant: (grant: Grant) => void;
  }) {
    this.#credit = new ReceiveCredit(options.window, options.windowBytes, options.budget);
    this.#grant = options.grant;
  }

  get ended(): StreamEnd | undefined {
    return this.#end;
  }

  get opened(): boolean {
    return this.#opened;
  }

  /** Grants the first window. @param said its bytes, where the grant went out with the Start */
  open(said?: number): void {
    this.#opened = true;
    // A stream that has ended needs no window: nothing would give it back.
    if (this.#end) return;
    const grant = this.#credit.open(said);
    if (said === undefined) this.#grant(grant);
  }

  /** A value has arrived. False when it is beyond the credit. @throws ProtocolError when it is out of turn */
  accept(seq: number, value: unknown, bytes: number): boolean {
    if (!this.#credit.accept(seq, bytes)) return false;
    this.received++;
    if (this.#draining && this.#places.size === 0) {
      this.dropped++;
      this.#log.push({value, bytes});
      this.#dropAll(0);
      return true;
    }
    this.#log.push({value, bytes});
    for (const place of this.#places.values()) if (place.lag !== undefined) this.#moveUp(place, place.lag);
    return true;
  }

  /** After a frame's values: lets everybody take them. */
  deliver(): void {
    for (const consumer of this.#places.keys()) consumer.ready();
  }

  /** @throws ProtocolError when values that were sent have not arrived */
  checkLast(last: number): void {
    if (last !== this.#credit.received)
      throw new ProtocolError(`a stream of ${last} values ended after ${this.#credit.received}`);
  }

  /**
   * Nothing more comes. Consumers see the end behind the last value. The first stands, but that an error is what
   * later reads report, where it becomes known behind a regular end (S7).
   */
  finish(end: StreamEnd): void {
    if (this.#end) {
      if ('error' in end && !('error' in this.#end)) this.#end = end;
      return;
    }
    this.#end = end;
    this.#credit.close();
    this.deliver();
  }

  /** From the present backlog on; that is for all who attach in the turn of the first. */
  attach(consumer: Consumer, lag?: number): void {
    if (this.#places.size === 0) this.#gather();
    this.#places.set(consumer, {next: this.#gathering ? this.#base : this.#next(), held: 0, lag, missed: 0});
  }

  /** Leaves. With `giveBack`, what it held returns to the log. The last to leave keeps its place for whoever comes next. */
  detach(consumer: Consumer, giveBack = false): void {
    const place = this.#places.get(consumer);
    if (place === undefined) return;
    if (giveBack) place.next -= place.held;
    place.held = 0;
    if (this.#places.size === 1) this.#gathering = false;
    this.#trim();
    this.#places.delete(consumer);
    if (this.#places.size > 0) this.#trim();
    else if (this.#draining) this.#dropAll(this.#log.length - this.#logFrom);
  }

  /** Subscribers are told nothing more; nobody begins work on another value. */
  mute(): void {
    this.quit();
    for (const consumer of this.#places.keys()) if (consumer.mutable) this.detach(consumer);
  }

  /** What is owed an end is owed no more values: its scope is left. */
  quit(): void {
    for (const consumer of this.#places.keys()) consumer.mute?.();
  }

  get consumers(): number {
    return this.#places.size;
  }

  /** Whether the sender has used up what it was granted: it waits for somebody here to take what has come. */
  get isFull(): boolean {
    return this.#opened && !this.#end && this.#credit.exhausted;
  }

  /** What waits for a consumer, so many values ahead of its place: a value, the end, or nothing yet. */
  peek(consumer: Consumer, ahead = 0): {readonly value: unknown} | StreamEnd | undefined {
    const place = this.#places.get(consumer);
    if (place === undefined) return undefined;
    return this.#at(place.next + ahead) ?? this.#end;
  }

  /** Counts the next value as consumed by this consumer; with `hold` only once it is let go: it may yet come back. */
  advance(consumer: Consumer, hold = false): void {
    const place = this.#places.get(consumer);
    if (place === undefined) return;
    const from = place.next - place.held;
    // The slowest of all, or of those who may hold back the sender.
    const slowest = from === this.#base || from === this.#credited;
    place.next++;
    if (hold || place.held > 0) place.held++;
    else if (slowest) this.#trim();
  }

  /** How many values this consumer has missed since it last asked. */
  takeMissed(consumer: Consumer): number {
    const place = this.#places.get(consumer);
    const missed = place?.missed ?? 0;
    if (place) place.missed = 0;
    return missed;
  }

  /** What this consumer was handed is consumed for good. */
  release(consumer: Consumer): void {
    const place = this.#places.get(consumer);
    if (place === undefined) return;
    place.held = 0;
    this.#trim();
  }

  /** `result()` wants the end: what nobody wants is dropped, and counted. */
  drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    if (!this.#opened) this.open();
    if (this.#places.size === 0) this.#dropAll(this.#log.length - this.#logFrom);
  }

  /** Nobody wants what is kept: so many more were dropped. */
  #dropAll(count: number): void {
    this.dropped += count;
    this.#return(this.#next());
    this.#forget(this.#next());
  }

  /** A consumer that is too far behind goes on from the oldest value that it may still have. It holds back nobody. */
  #moveUp(place: Place, lag: number): void {
    const oldest = this.#next() - lag;
    if (place.next < oldest) {
      place.missed += oldest - place.next;
      place.next = oldest;
      place.held = 0;
    }
    this.#trim();
  }

  /** The number of the value that comes next. */
  #next(): number {
    return this.#base + this.#log.length - this.#logFrom;
  }

  #gather(): void {
    this.#gathering = true;
    queueMicrotask(() => {
      this.#gathering = false;
      this.#trim();
    });
  }

  /** Returns credit for what all have had who may hold it back, and forgets what everybody has had. */
  #trim(): void {
    if (this.#gathering || this.#places.size === 0) return;
    let kept = this.#next();
    let consumed = kept;
    for (const {next, held, lag} of this.#places.values()) {
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
    for (let number = this.#credited; number < until; number++) bytes += (this.#at(number) as Entry).bytes;
    this.#credited = until;
    const grant = this.#credit.consume(count, bytes);
    if (grant) this.#grant(grant);
  }

  #at(number: number): Entry | undefined {
    return this.#log[this.#logFrom + number - this.#base];
  }

  #forget(until: number): void {
    for (; this.#base < until; this.#base++) this.#log[this.#logFrom++] = forgotten;
    if (this.#logFrom === this.#log.length) {
      this.#log.length = 0;
      this.#logFrom = 0;
    } else if (this.#logFrom > 1_024 && this.#logFrom * 2 > this.#log.length) {
      this.#log.splice(0, this.#logFrom);
      this.#logFrom = 0;
    }
  }
}

const forgotten: Entry = {value: undefined, bytes: 0};

/** Whether what waits for a consumer is a value, and not the end. */
export function isValue(item: {readonly value: unknown} | StreamEnd): item is {readonly value: unknown} {
  return 'value' in item;
}
