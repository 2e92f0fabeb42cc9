/**
 * The hosts of a root that its user lists by address. They tell nothing by themselves, so they are asked.
 * Floor 6: above `known-host` and `membership`; beside `heard-hosts`.
 */
import {plainClock, type Stop} from '../base/clock.js';
import {log} from '../base/log.js';
import {infoThere} from './contract.js';
import {type HostEvent, type HostInfo, infoIn} from './host-info.js';
import type {HostLink} from './host-link.js';
import type {KnownHost, Look} from './known-host.js';
import {leaseTimes} from './lease.js';
import {Membership} from './membership.js';

export class FixedHosts {
  readonly #hosts: readonly KnownHost[];
  readonly #members: Membership;
  readonly #interval: number;
  #watchers = 0;
  #answers: Promise<Answers> | undefined;
  #stop: Stop = () => {};

  constructor(hosts: readonly KnownHost[], lease: number) {
    this.#hosts = hosts;
    this.#interval = leaseTimes(lease).beat;
    this.#members = new Membership({lease, interval: this.#interval, at: plainClock.now()});
  }

  /** A look at each. */
  looks(): Promise<Look>[] {
    return this.#hosts.map(host => host.look());
  }

  /** Asks each host how it is. The answers name the hosts that are there, and say why each other one is not. Calls at the same moment share the answers. */
  ask(): Promise<Answers> {
    this.#answers ??= this.#askAll().finally(() => {
      this.#answers = undefined;
    });
    return this.#answers;
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
      void this.ask();
    };
    this.#stop = plainClock.every(this.#interval, turn);
    turn();
  }

  async #askAll(): Promise<Answers> {
    const answers = await Promise.all(
      this.looks().map(async look => {
        const answer = await askOne(look);
        // Each for itself, because one that is not there answers late.
        if ('info' in answer) this.#members.heard(answer.info, plainClock.now());
        return answer;
      }),
    );
    return {
      told: answers.filter((answer): answer is Told => 'info' in answer),
      silent: answers.filter((answer): answer is Look => !('info' in answer)),
    };
  }
}

interface Answers {
  readonly told: readonly Told[];
  readonly silent: readonly Look[];
}

export interface Told {
  readonly host: KnownHost;
  readonly info: HostInfo;
}

async function askOne(looking: Promise<Look>): Promise<Told | Look> {
  const look = await looking;
  if (!look.link) return look;
  try {
    const info = await infoOf(look.link, look.host.address);
    return info
      ? {host: look.host, info}
      : {host: look.host, fault: 'it says nothing of itself that can be understood'};
  } catch (error) {
    log('runtime', `${look.link.host.name} has not said how it is`, {error});
    return {host: look.host, fault: `${look.link.host.name} has not said how it is`};
  }
}

/** The address is the one that the user has listed: the host may know itself by another one. */
async function infoOf(link: HostLink, address: string): Promise<HostInfo | undefined> {
  const asked = plainClock.now();
  const info = infoIn(await link.portal.run(infoThere));
  return info && {...info, address, rtt: plainClock.now() - asked};
}
