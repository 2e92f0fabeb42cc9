/**
 * Reads along at the wire between two actors, and notes what the rules of Reactive Streams do not allow there.
 * Above pair.ts, whose tap it is: every spec of this folder ends with a look at it. Tested in monitor.spec.ts.
 */
import {messagePack} from '../../lib/msg/codec.js';
import {type Frame, splitValues} from '../../lib/msg/frame.js';
import {type CreditPayload, Kind, type StartPayload} from '../../lib/msg/types.js';
import type {Pair} from '../kit/pair.js';

type Side = 'near' | 'far';
const other = (side: Side): Side => (side === 'near' ? 'far' : 'near');

/** One direction of one context: what its sender has written, and what the receiver has granted. */
export interface Lane {
  /** Values, and their bytes, that the sender may have sent by now: the grants that have come to it. */
  granted: number;
  grantedBytes: number;
  /** The messages and bytes that the receiver has granted last; the grant may still be on its way. */
  said: number;
  saidBytes: number;
  /** How often the receiver has spoken, the grant of the Start included. */
  grants: number;
  sent: number;
  sentBytes: number;
  received: number;
  /** The sender has said that no more comes. */
  over: boolean;
}

export interface Watched {
  readonly caller: Side;
  readonly lanes: Readonly<Record<Side, Lane>>;
  cancels: number;
  /** Returns and Errors that the callee has written. */
  terminals: number;
  /** A terminal has come to the caller. */
  concluded: boolean;
}

const newLane = (): Lane => ({
  granted: 0,
  grantedBytes: 0,
  said: 0,
  saidBytes: 0,
  grants: 0,
  sent: 0,
  sentBytes: 0,
  received: 0,
  over: false,
});

export class Monitor {
  /** The violations of the rules, in the order in which they came. */
  readonly violations: string[] = [];
  readonly #contexts = new Map<number, Watched>();
  readonly #partial = new Map<string, Uint8Array[]>();
  readonly #codec = messagePack;

  /** Watches a pair from here on. */
  static of(pair: Pair): Monitor {
    const monitor = new Monitor();
    pair.tap((from, at, frame) => monitor.see(from, at, frame));
    return monitor;
  }

  /** Every context that was opened, in order. */
  get contexts(): readonly Watched[] {
    return [...this.#contexts.values()];
  }

  /** The values of the only context, from the callee to the caller. */
  get lane(): Lane {
    const [only, ...more] = this.contexts;
    if (!only || more.length > 0) throw new Error(`${this.#contexts.size} contexts were opened, and not one`);
    return only.lanes[other(only.caller)];
  }

  see(from: Side, at: 'written' | 'arrived', frame: Frame): void {
    const payload = this.#whole(`${from} ${at} ${frame.context} ${frame.kind}`, frame);
    if (!payload) return;
    if (frame.kind === Kind.Start) this.#start(from, at, frame.context, payload);
    const watched = this.#contexts.get(frame.context);
    if (!watched) return;
    if (at === 'written') this.#written(from, watched, frame, payload);
    else this.#arrived(from, watched, frame, payload);
  }

  /** A large message crosses in pieces: the payload, once the last is there. */
  #whole(key: string, {more, payload}: Frame): Uint8Array | undefined {
    const pieces = [...(this.#partial.get(key) ?? []), Uint8Array.from(payload)];
    if (more) this.#partial.set(key, pieces);
    else this.#partial.delete(key);
    return more ? undefined : pieces.length === 1 ? payload : Buffer.concat(pieces);
  }

  #start(from: Side, at: 'written' | 'arrived', context: number, payload: Uint8Array): void {
    const [, kind, , flow] = this.#codec.decode(payload) as StartPayload;
    if (at === 'written') {
      const lanes = {near: newLane(), far: newLane()};
      this.#contexts.set(context, {caller: from, lanes, cancels: 0, terminals: 0, concluded: false});
    }
    // The first grant of a one-way stream travels with the call.
    if (!flow || (kind !== 'stream' && kind !== 'operator')) return;
    const [window, , , , windowBytes] = flow;
    const lane = this.#contexts.get(context)?.lanes[other(from)] as Lane;
    if (at === 'arrived') [lane.granted, lane.grantedBytes] = [window, windowBytes];
    else [lane.said, lane.saidBytes, lane.grants] = [window, windowBytes, 1];
  }

  #written(from: Side, watched: Watched, {kind, seq}: Frame, payload: Uint8Array): void {
    const lane = watched.lanes[from];
    const back = watched.lanes[other(from)];
    if (kind === Kind.Yield) this.#values(lane, seq, payload);
    else if (kind === Kind.Credit) {
      const [messages, bytes] = this.#codec.decode(payload) as CreditPayload;
      if (messages < back.said || bytes < back.saidBytes) this.#note('2.7: a grant was taken back');
      const knowsTheEnd = from === watched.caller ? watched.concluded : watched.terminals > 0;
      if (knowsTheEnd) this.#note('2.3: credit was written after the end had come');
      if (watched.cancels > 0 && from === watched.caller) this.#note('3.6: credit was written after a cancel');
      [back.said, back.saidBytes] = [messages, bytes];
      back.grants++;
    } else if (kind === Kind.Cancel) {
      if (watched.concluded) this.#note('2.3: a cancel was written after the end had come');
      if (++watched.cancels > 1) this.#note('3.5: a second cancel was written');
    } else if (kind === Kind.Stop) lane.over = true;
    else if (kind === Kind.Return || kind === Kind.Error) {
      lane.over = true;
      if (from !== watched.caller && ++watched.terminals > 1) this.#note('1.7: a second terminal was written');
    }
  }

  #values(lane: Lane, seq: number, payload: Uint8Array): void {
    if (lane.over) this.#note('1.7: a value was written after the end');
    if (seq !== lane.sent + 1) this.#note(`1.3: value ${seq} was written behind ${lane.sent}`);
    splitValues(payload, value => {
      // A value that is larger than the window goes as soon as there is any room.
      if (lane.sent >= lane.granted || lane.sentBytes >= lane.grantedBytes)
        this.#note(`1.1: value ${lane.sent + 1} was written, and ${lane.granted} were granted`);
      lane.sent++;
      lane.sentBytes += value.length;
    });
  }

  #arrived(from: Side, watched: Watched, {kind}: Frame, payload: Uint8Array): void {
    const lane = watched.lanes[from];
    if (kind === Kind.Yield) {
      splitValues(payload, () => lane.received++);
      if (lane.received > lane.said) this.#note(`1.1: ${lane.received} values came, and ${lane.said} were granted`);
    } else if (kind === Kind.Credit) {
      const back = watched.lanes[other(from)];
      [back.granted, back.grantedBytes] = this.#codec.decode(payload) as CreditPayload;
    } else if ((kind === Kind.Return || kind === Kind.Error) && from !== watched.caller) {
      // Credit that was granted in the turn in which the end comes crosses with it.
      setImmediate(() => {
        watched.concluded = true;
      });
    }
  }

  #note(text: string): void {
    this.violations.push(text);
  }
}
