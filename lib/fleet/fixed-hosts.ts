/**
 * The hosts of a root that its user lists by address. They tell nothing by themselves, so they are asked.
 * Floor 6: above `known-host`, `membership` and `order-counts`; beside `heard-hosts`.
 */
import {plainClock, type Stop} from '../base/clock.js';
import {log} from '../base/log.js';
import {infoThere} from './contract.js';
import {type HostEvent, type HostInfo, infoIn} from './host-info.js';
import type {HostLink} from './host-link.js';
import type {KnownHost, Look} from './known-host.js';
import {leaseTimes} from './lease.js';
import {Membership} from './membership.js';
import type {OrderCounts} from './order-counts.js';

/** A host that has answered before and does not within this time, in ms, may be lost. */
const absentMs = 2_000;

export class FixedHosts {
  readonly #hosts: readonly KnownHost[];
  readonly #counts: OrderCounts<KnownHost>;
  readonly #members: Membership;
  readonly #interval: number;
  /** The questions that are under way. */
  readonly #asked = new Map<KnownHost, Promise<Told | Look>>();
  /** Whether each host has answered the last time, and soon. One that was never asked is not here. */
  readonly #isPresent = new Map<KnownHost, boolean>();
  #watchers = 0;
  #stop: Stop = () => {};

  constructor(hosts: readonly KnownHost[], lease: number, counts: OrderCounts<KnownHost>) {
    this.#hosts = hosts;
    this.#counts = counts;
    this.#interval = leaseTimes(lease).beat;
    this.#members = new Membership({lease, interval: this.#interval, at: plainClock.now()});
  }

  /** A look at each. */
  looks(): Promise<Look>[] {
    return this.#hosts.map(host => host.look());
  }

  /** Asks each host how it is. Calls at the same moment share the answer of a host. */
  ask(): Answers {
    const answers = this.#hosts.map(host => this.#answerOf(host));
    const expected = this.#hosts.map((host, at) => this.#expect(host, answers[at] as Promise<unknown>));
    return new Answers(this.#hosts, answers, expected);
  }

  /** Asks again and again while somebody watches. */
  watch(watcher: (event: HostEvent) => void): Stop {
    if (this.#watchers++ === 0 && this.#hosts.length > 0) this.#begin();
    const stop = this.#members.watch(watcher);
    return () => {
      stop();
      if (--this.#watchers === 0) this.#stop();
    };
  }

  close(): void {
    this.#stop();
  }

  #begin(): void {
    const turn = (): void => {
      this.#members.tick(plainClock.now());
      this.ask();
    };
    this.#stop = plainClock.every(this.#interval, turn);
    turn();
  }

  #answerOf(host: KnownHost): Promise<Told | Look> {
    const asked = this.#asked.get(host) ?? this.#askOne(host).finally(() => this.#asked.delete(host));
    this.#asked.set(host, asked);
    return asked;
  }

  async #askOne(host: KnownHost): Promise<Told | Look> {
    const look = await host.look();
    const answer = look.link ? await this.#askOver(look, look.link) : look;
    if (isTold(answer)) this.#members.heard(answer.info, plainClock.now());
    this.#isPresent.set(host, isTold(answer));
    return answer;
  }

  async #askOver({host}: Look, link: HostLink): Promise<Told | Look> {
    const {name} = link.host;
    try {
      const noteAnswer = this.#counts.asked(host);
      const info = await infoOf(link, host.address);
      if (!info) return {host, fault: 'it says nothing of itself that can be understood'};
      noteAnswer(info);
      return {host, info};
    } catch (error) {
      log('runtime', `${name} has not said how it is`, {error});
      return {host, fault: `${name} has not said how it is`};
    }
  }

  /**
   * Resolves when the host has answered, or is not worth waiting for. A host that is lost holds up one placement, and not those after it. One
   * that was never asked gets all the time, because otherwise the first actors would not be spread.
   */
  async #expect(host: KnownHost, answer: Promise<unknown>): Promise<void> {
    const isPresent = this.#isPresent.get(host);
    if (isPresent === undefined) await answer;
    else if (isPresent && !(await plainClock.within(answer, absentMs))) this.#isPresent.set(host, false);
  }
}

/** The answers to one question to all hosts. They come one by one. */
class Answers {
  /** Settles when all hosts have answered that are worth waiting for. */
  readonly expected: Promise<unknown>;
  /** Settles when each host has answered, or cannot be asked. */
  readonly all: Promise<unknown>;
  readonly #hosts: readonly KnownHost[];
  readonly #come = new Map<KnownHost, Told | Look>();

  constructor(
    hosts: readonly KnownHost[],
    answers: readonly Promise<Told | Look>[],
    expected: readonly Promise<void>[],
  ) {
    this.#hosts = hosts;
    this.all = Promise.all(answers.map(async answering => this.#note(await answering)));
    this.expected = Promise.all(expected);
  }

  /** The hosts that have answered so far, in the order of the list. */
  get told(): Told[] {
    return this.#hosts.map(host => this.#come.get(host)).filter(isTold);
  }

  /** Why each other one has not. */
  get faults(): Look[] {
    const answers = this.#hosts.map(host => this.#come.get(host) ?? {host, fault: 'it has not answered'});
    return answers.filter(answer => !isTold(answer));
  }

  get isOpen(): boolean {
    return this.#come.size < this.#hosts.length;
  }

  #note(answer: Told | Look): void {
    this.#come.set(answer.host, answer);
  }
}

export interface Told {
  readonly host: KnownHost;
  readonly info: HostInfo;
}

const isTold = (answer: Told | Look | undefined): answer is Told => answer !== undefined && 'info' in answer;

/** The address is the one that the user has listed: the host may know itself by another one. */
async function infoOf(link: HostLink, address: string): Promise<HostInfo | undefined> {
  const asked = plainClock.now();
  const info = infoIn(await link.portal.run(infoThere));
  return info && {...info, address, rtt: plainClock.now() - asked};
}
