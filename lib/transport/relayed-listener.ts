/**
 * Streams to a process by its name at a broker: who connects chooses an id, and the process that listens answers to each new one.
 * Floor 2: above `relayed`. The subjects are `l.<who hears>.<who speaks>.<lane>.<id>`, so that the broker can refuse each name to others.
 */
import {newId} from '../base/actor-id.js';
import type {Stop} from '../base/clock.js';
import {attempt} from '../base/foreign.js';
import type {Broker} from './relay/broker.js';
import {newPacket, readPacket, stamp} from './relay/packet.js';
import {subjectPart} from './relay/subject-part.js';
import {RelayedStream} from './relayed.js';

/** Streams of different lanes may go over different connections to the broker: what is urgent does not wait behind what is large. */
export type Lane = 'control' | 'data';

export interface RelayNames {
  /** The name of this process at the broker. */
  readonly self: string;
  /** The name of the process that listens. */
  readonly other: string;
  readonly lane: Lane;
  /** See `RelayedOptions`. */
  readonly silence: number;
}

/** Connects to a process that listens. When none does, the stream ends after `silence`. */
export function dialRelayed(broker: Broker, {self, other, lane, silence}: RelayNames): RelayedStream {
  const [me, them] = [subjectPart(self), subjectPart(other)];
  const stream = `${lane}.${newId()}`;
  return new RelayedStream(broker, {here: `l.${me}.${them}.${stream}`, there: `l.${them}.${me}.${stream}`, silence});
}

export interface ListenRelayedOptions {
  readonly self: string;
  readonly lane: Lane;
  readonly silence: number;
  /** Takes a new stream. @param from the name of who connects, as a token of the broker's */
  accept(stream: RelayedStream, from: string): void;
}

/** Listens under a name. Streams that were accepted hear nothing any more when it is stopped. */
export function listenRelayed(broker: Broker, {self, lane, silence, accept}: ListenRelayedOptions): Stop {
  const me = subjectPart(self);
  /** The function that takes the packets of a stream, by the subject on which the stream hears. */
  const streams = new Map<string, (bytes: Uint8Array, subject: string) => void>();
  const shared: Broker = {
    get isUp() {
      return broker.isUp;
    },
    get maxBytes() {
      return broker.maxBytes;
    },
    publish: (subject, bytes) => broker.publish(subject, bytes),
    subscribe: (subject, heard) => {
      streams.set(subject, heard);
      return () => void streams.delete(subject);
    },
    watch: watcher => broker.watch(watcher),
  };
  return broker.subscribe(`l.${me}.*.${lane}.>`, (bytes, subject) => {
    const heard = streams.get(subject);
    if (heard) return heard(bytes, subject);
    const [from = '', , ...id] = subject.split('.').slice(2);
    const there = `l.${from}.${me}.${lane}.${id.join('.')}`;
    if (!isGreeting(bytes)) return refuse(broker, there, bytes);
    const stream = new RelayedStream(shared, {here: subject, there, silence});
    streams.get(subject)?.(bytes, subject);
    accept(stream, from);
  });
}

/** Whether this is the first packet of a stream. */
function isGreeting(bytes: Uint8Array): boolean {
  const packet = attempt(() => readPacket(bytes));
  return packet?.kind === 'ask' && packet.at === 0 && packet.received === 0;
}

/** The stream belongs to a process that listened here before. Its other end should not wait for it. */
function refuse(broker: Broker, there: string, bytes: Uint8Array): void {
  const kind = attempt(() => readPacket(bytes).kind);
  if (kind === undefined || kind === 'reset' || !broker.isUp) return;
  const packet = newPacket('reset');
  stamp(packet, {at: 0, received: 0, limit: 0});
  broker.publish(there, packet);
}
