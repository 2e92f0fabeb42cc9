/**
 * A host as it tells of itself: the public types, and the check of what has come over the network.
 * Floor 6: below all of `fleet` that deals with hosts by what they tell.
 */
import {attempt, readProperty} from '../base/foreign.js';

/** A host on which actors can be started, as it was heard last. */
export interface HostInfo {
  /** Its name (`--name`): `startActor(name, {host})` takes it. */
  readonly name: string;
  /** Another one with each start of its daemon. */
  readonly id: string;
  /** Where it is reached: `tls://gpu1:7400`. Absent: only through the broker. */
  readonly address?: string;
  /** The labels that `rxtractor host --labels gpu,eu` gives it: `['gpu', 'eu']`. */
  readonly labels: readonly string[];
  /** How many processes can run there at the same time. */
  readonly cores: number;
  /** How many processes wanted to run there, on average over the last minute. */
  readonly load1: number;
  /** Bytes. */
  readonly freeMemory: number;
  /** The actors that it runs, of all programs, and the orders that are under way. */
  readonly actors: number;
  /** The number of actors that it takes at most (`--max-actors`). */
  readonly maxActors: number;
  /** How long its last answer took, in ms. Absent: it was not asked yet. */
  readonly rtt?: number;
  /** The version of Node there: `v22.11.0`. */
  readonly node: string;
  /** The version of rxtractor there. */
  readonly version: string;
  /** The apps whose modules it runs. */
  readonly apps: readonly {readonly name: string; readonly version: string}[];
  /** Whether it takes no new actors, because it is about to end. */
  readonly draining: boolean;
}

/** In the place of an advertised address: nobody reaches the host directly. */
export const nowhere = 'none';

/** An event in the life of a host, from `watchHosts`. */
export interface HostEvent {
  /**
   * - `present`: the host was there when the watch began.
   * - `joined`: it is there from now on.
   * - `silent`: it was not heard for a third of `timeouts.lease`.
   * - `heard`: it was silent, and is heard again.
   * - `draining`: it takes no new actors from now on.
   * - `left`: it has said that it ends, or was not heard for `timeouts.lease`. Actors that run there are not concerned: each has its lease.
   */
  readonly type: 'present' | 'joined' | 'left' | 'silent' | 'heard' | 'draining';
  /** As it was heard last. */
  readonly host: HostInfo;
}

/**
 * Where an actor is to run: the name of a host, its address, `'any'`, or a function that is asked with each host that is there.
 * `false` and 0 mean: not there. Of the others the one with the highest number is taken; `true` is 1.
 */
export type HostChoice = string | ((host: HostInfo) => boolean | number);

type Check = (value: unknown) => boolean;

/** Longer texts are no names, and would fill the memory of those who listen. */
const maxText = 256;
const maxEntries = 64;
const isText: Check = value => typeof value === 'string' && value !== '' && value.length <= maxText;
const isAmount: Check = value => typeof value === 'number' && value >= 0;
const isList =
  (check: Check): Check =>
  value =>
    Array.isArray(value) && value.length <= maxEntries && value.every(check);

const checks: Readonly<Record<Exclude<keyof HostInfo, 'rtt'>, Check>> = {
  name: isText,
  id: isText,
  address: value => value === undefined || isText(value),
  labels: isList(isText),
  cores: isAmount,
  load1: isAmount,
  freeMemory: isAmount,
  actors: isAmount,
  maxActors: isAmount,
  node: isText,
  version: isText,
  apps: isList(app => isText(readProperty(app, 'name')) && typeof readProperty(app, 'version') === 'string'),
  draining: value => typeof value === 'boolean',
};

/** A message in which a host tells how it is, or that it ends. */
export type Word = {readonly host: HostInfo} | {readonly left: string};

export function wordBytes(word: Word): Uint8Array {
  return Buffer.from(JSON.stringify(word));
}

/** Undefined for what is not a word of a host. Anybody who may publish can send anything. */
export function wordIn(bytes: Uint8Array): Word | undefined {
  const said: unknown = attempt(() => JSON.parse(Buffer.from(bytes).toString()));
  const left = readProperty(said, 'left');
  if (isText(left)) return {left: left as string};
  const host = infoIn(readProperty(said, 'host'));
  return host && {host};
}

/** The fields that are known, and no others. Undefined when one is wrong. */
export function infoIn(said: unknown): HostInfo | undefined {
  const fields = Object.entries(checks).map(([field, isRight]) => {
    const value = readProperty(said, field);
    return {field, value, isRight: isRight(value)};
  });
  if (!fields.every(({isRight}) => isRight)) return undefined;
  const given = fields.filter(({value}) => value !== undefined).map(({field, value}) => [field, value]);
  return Object.fromEntries(given) as HostInfo;
}
