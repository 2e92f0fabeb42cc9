/**
 * The hosts that a root hears at the broker.
 * Floor 6: above `broker-relay` and `membership`; `hosts-of-root` asks it.
 */

import {newId} from '../base/actor-id.js';
import {plainClock, type Stop} from '../base/clock.js';
import {type Deferred, deferred} from '../base/deferred.js';
import {log} from '../base/log.js';
import {subjectPart} from '../transport/relay/subject-part.js';
import {who} from './announcer.js';
import {BrokerLink, type BrokerOptions} from './broker-link.js';
import {BrokerRelay} from './broker-relay.js';
import {type HostInfo, wordIn} from './host-info.js';
import {leaseTimes} from './lease.js';
import {Membership} from './membership.js';

/** For how long the answers of hosts are collected after the first question, in ms. Each takes one way there and back. */
const collectMs = 250;
/** Hosts beat once a second. A root with a short lease asks more often. */
const beatMs = 1_000;

export class HeardHosts {
  readonly members: Membership;
  /** How hosts are reached that cannot be reached directly. */
  readonly relay: BrokerRelay;
  readonly #broker: BrokerLink;
  readonly #inbox: string;
  readonly #interval: number;
  readonly #stops: Stop[] = [];
  readonly #collected: Deferred<void> = deferred();
  /** The names that more than one daemon has said. */
  readonly #doubled = new Set<string>();
  #stopCollecting: Stop = () => {};

  /** @throws ResourceExhausted `package` */
  static async open(options: BrokerOptions, lease: number): Promise<HeardHosts> {
    return new HeardHosts(await BrokerLink.open(options), options, lease);
  }

  private constructor(broker: BrokerLink, {self}: BrokerOptions, lease: number) {
    this.#broker = broker;
    this.relay = new BrokerRelay(broker, self);
    this.#inbox = `_INBOX.${subjectPart(self)}.${newId()}`;
    this.#interval = leaseTimes(lease).beat;
    this.members = new Membership({lease, interval: this.#interval, at: plainClock.now()});
    broker.listen('beat.>', bytes => this.#heard(bytes));
    broker.listen(`${this.#inbox}.*`, (bytes, subject) => this.#heard(bytes, askedAt(subject)));
    this.#stops.push(
      broker.watch(isUp => this.#turned(isUp)),
      plainClock.every(this.#interval, () => this.#tick()),
    );
  }

  /** Whether the hosts that are there have had time to answer, after `ms` at the latest. */
  collected(ms: number): Promise<boolean> {
    return plainClock.within(this.#collected.promise, ms);
  }

  /** Why nobody can be heard. Undefined: the broker is there. */
  get fault(): string | undefined {
    return this.#broker.isUp ? undefined : this.#broker.fault;
  }

  /** The texts with which the broker has refused this program something. */
  get refusals(): readonly string[] {
    return this.#broker.refusals;
  }

  get where(): string {
    return this.#broker.where;
  }

  /** Why nobody can say through the broker which host of this name is meant. Undefined: there is one at most. */
  doubleText(name: string): string | undefined {
    const count = this.members.daemonsOf(name);
    return count > 1
      ? `${count} daemons at ${this.where} have the name ${name}: give each a name of its own (--name)`
      : undefined;
  }

  async close(): Promise<void> {
    for (const stop of this.#stops) stop();
    await this.relay.close();
  }

  #turned(isUp: boolean): void {
    const at = plainClock.now();
    if (!isUp) return this.members.deaf(at);
    this.members.hearing(at);
    this.#ask();
    this.#stopCollecting();
    this.#stopCollecting = plainClock.timer(collectMs, () => this.#collected.resolve(), {background: true});
  }

  #tick(): void {
    if (this.#interval < beatMs) this.#ask();
    this.members.tick(plainClock.now());
  }

  /** The moment of the question is a part of the address for the answers, so that it comes back with each of them. */
  #ask(): void {
    this.#broker.publish(who, new Uint8Array(), `${this.#inbox}.${Math.round(plainClock.now())}`);
  }

  #heard(bytes: Uint8Array, asked?: number): void {
    const word = wordIn(bytes);
    if (!word) return;
    if ('left' in word) return this.members.left(word.left);
    const at = plainClock.now();
    const info: HostInfo = asked === undefined ? word.host : {...word.host, rtt: Math.max(0, at - asked)};
    this.members.heard(info, at);
    this.#warnOfDouble(info.name);
  }

  #warnOfDouble(name: string): void {
    const text = this.#doubled.has(name) ? undefined : this.doubleText(name);
    if (text === undefined) return;
    this.#doubled.add(name);
    log('warn', text);
  }
}

function askedAt(subject: string): number | undefined {
  const at = Number(subject.slice(subject.lastIndexOf('.') + 1));
  return Number.isFinite(at) ? at : undefined;
}
