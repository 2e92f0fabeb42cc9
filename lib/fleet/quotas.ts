/**
 * How much of a host each subject may use: how many actors at a time, and how many it may start within a second. It knows no
 * clock.
 * Floor 6: below `admission`.
 */
import type {Stop} from '../base/clock.js';
import {Fifo} from '../base/fifo.js';
import {isSubject, keyOfSubject, subjectText} from './subject.js';

/** The maximum for one subject, or for each that has none of its own. */
export interface Quota {
  /** The whole subject of a certificate. Undefined: each subject. */
  readonly subject: string | undefined;
  readonly most: number;
}

export interface QuotaOptions {
  /** Actors that run, and orders that are under way. */
  readonly actors: readonly Quota[];
  /** Orders that were taken within a second. */
  readonly spawns: readonly Quota[];
}

interface Account {
  actors: number;
  /** When the latest orders were taken, the oldest first. */
  readonly spawnedAt: Fifo<number>;
}

const secondMs = 1_000;

export class Quotas {
  readonly #options: QuotaOptions;
  /** Only subjects that may place actors get one, so their number is bounded. */
  readonly #accounts = new Map<string, Account>();

  constructor(options: QuotaOptions) {
    this.#options = options;
  }

  /**
   * Why the subject may not have another actor now, in words for its program. Undefined: it may.
   *
   * @param now in ms of the monotonic clock
   */
  refusal(subject: readonly string[], now: number): string | undefined {
    const {actors, spawnedAt} = this.#accountOf(subject, now);
    const who = subjectText(subject);
    const most = mostOf(this.#options.actors, subject);
    if (actors >= most)
      return `${who} has ${actors} actors here, as many as it may have (--subject-actors ${most}): end one of them, or use another host`;
    const mostSpawns = mostOf(this.#options.spawns, subject);
    if (spawnedAt.size < mostSpawns) return undefined;
    const wait = Math.max(1, Math.ceil((spawnedAt.at(0) as number) + secondMs - now));
    return `${who} has started ${spawnedAt.size} actors here within a second, as many as it may (--subject-spawns ${mostSpawns}): try again in ${wait} ms, or use another host`;
  }

  /** Counts an actor of the subject. Returns how to count it no more. */
  enter(subject: readonly string[], now: number): Stop {
    const account = this.#accountOf(subject, now);
    account.actors++;
    account.spawnedAt.push(now);
    return () => void account.actors--;
  }

  #accountOf(subject: readonly string[], now: number): Account {
    const key = keyOfSubject(subject);
    const account = this.#accounts.get(key) ?? {actors: 0, spawnedAt: new Fifo<number>()};
    this.#accounts.set(key, account);
    while ((account.spawnedAt.at(0) ?? now) <= now - secondMs) account.spawnedAt.shift();
    return account;
  }
}

/** Infinity: there is no quota. */
function mostOf(quotas: readonly Quota[], parts: readonly string[]): number {
  const own = quotas.find(({subject}) => subject !== undefined && isSubject(subject, parts));
  return (own ?? quotas.find(({subject}) => subject === undefined))?.most ?? Number.POSITIVE_INFINITY;
}

/** `16`, or `CN=ci:4` for one subject. Undefined for what is neither, and for a number below 1. */
export function quotaIn(text: string): Quota | undefined {
  const [, subject, digits] = /^(?:(.*=.*):)?(\d+)$/.exec(text) ?? [];
  const most = Number(digits);
  return Number.isSafeInteger(most) && most >= 1 ? {subject, most} : undefined;
}
