/**
 * The globals that code of a simulation uses: timers, the time, and random numbers. They are replaced for the length of a run, by functions
 * that do the ordinary thing for whoever has no place in a simulation, as a test runner.
 * Floor 9, room `simulation`: above `virtual-timers`. Every replacement is given back, also after a throw.
 */

import crypto from 'node:crypto';
import {syncBuiltinESMExports} from 'node:module';
import timers from 'node:timers';
import timersPromises from 'node:timers/promises';
import {promisify} from 'node:util';
import {replaceTime, type Stop} from '../../base/clock.js';
import {replacePlatform} from '../../base/platform.js';
import {argumentsAreSaidBy} from './arguments.js';
import {type Place, placeHere} from './place.js';
import {timerMs, VirtualImmediate, VirtualTimer, virtualTimer} from './virtual-timers.js';

/** Where `Date` begins: 2000-01-01T00:00Z. */
const epochMs = 946_684_800_000;

/** The things that a simulation gives to its code besides the time. */
export interface Chance {
  /** A number from 0 on, below 1, for the code of the user. */
  random(): number;
  /** The same for the runtime, so that a change in the one does not change the other. */
  runtimeRandom(): number;
  /** Whether the code at this place belongs to the simulation. */
  readonly owns: (place: Place) => boolean;
}

type Callback = (...args: unknown[]) => void;
type Replacement = readonly [target: object, key: PropertyKey, value: unknown];

/** Replaces everything. Returns how to give it back. */
export function installGlobals(chance: Chance): Stop {
  const here = (): Place | undefined => {
    const place = placeHere();
    return place && chance.owns(place) ? place : undefined;
  };
  const stops: Stop[] = [runtimeTime(here), runtimePlatform(here, chance)];
  try {
    for (const replacement of replacements(here, chance)) stops.push(replace(...replacement));
    stops.push(argumentsAreSaidBy(() => here()?.actor.argv));
    syncBuiltinESMExports();
  } catch (error) {
    giveBack(stops);
    throw error;
  }
  return () => giveBack(stops);
}

function giveBack(stops: readonly Stop[]): void {
  for (const stop of [...stops].reverse()) stop();
  syncBuiltinESMExports();
}

function replace(target: object, key: PropertyKey, value: unknown): Stop {
  const before = Object.getOwnPropertyDescriptor(target, key);
  Object.defineProperty(target, key, {
    configurable: true,
    writable: true,
    enumerable: before?.enumerable ?? false,
    value,
  });
  return () => {
    if (before) Object.defineProperty(target, key, before);
    else Reflect.deleteProperty(target, key);
  };
}

type Here = () => Place | undefined;

/** The time of the library itself. */
function runtimeTime(here: Here): Stop {
  return replaceTime(real => {
    const setLater = (act: Callback, ms?: number): unknown => {
      const place = here();
      if (!place) return real.setTimeout(act, ms);
      return new VirtualTimer({place, ms: Math.max(0, ms ?? 0), act, repeats: false, setter: 'runtime'});
    };
    const setSoon = (act: Callback): unknown => {
      const place = here();
      return place ? new VirtualImmediate(place, act, 'runtime') : real.setImmediate(act);
    };
    return {
      setTimeout: setLater as typeof setTimeout,
      clearTimeout: handle => clear(handle, real.clearTimeout),
      setImmediate: setSoon as typeof setImmediate,
      clearImmediate: handle => clear(handle, real.clearImmediate),
      now: () => here()?.agenda.now ?? real.now(),
    };
  });
}

function runtimePlatform(here: Here, {runtimeRandom}: Chance): Stop {
  return replacePlatform(real => ({
    randomBytes: count => (here() ? bytesOf(count, runtimeRandom) : real.randomBytes(count)),
    randomInt: limit => (here() ? Math.floor(runtimeRandom() * limit) : real.randomInt(limit)),
    random: () => (here() ? runtimeRandom() : real.random()),
    pid: () => here()?.actor.pid ?? real.pid(),
    host: () => (here() ? 'simulated' : real.host()),
    parallelism: real.parallelism,
  }));
}

function replacements(here: Here, chance: Chance): Replacement[] {
  return [
    ...timerFunctions(here),
    ...timerPromises(here),
    ...clocks(here),
    ...randomness(here, chance.random),
    [AbortSignal, 'timeout', abortSignalTimeout(here, AbortSignal.timeout)],
  ];
}

function timerFunctions(here: Here): Replacement[] {
  const real = {...timers};
  const setting = (repeats: boolean, instead: Callback) =>
    function set(act: Callback, ms?: number, ...args: unknown[]): unknown {
      const place = here();
      if (!place) return (instead as (...all: unknown[]) => unknown)(act, ms, ...args);
      checkCallback(act);
      return new VirtualTimer({place, ms: timerMs(ms), act: () => act(...args), repeats, setter: 'user'});
    };
  const setSoon = (act: Callback, ...args: unknown[]): unknown => {
    const place = here();
    if (!place) return real.setImmediate(act, ...args);
    checkCallback(act);
    return new VirtualImmediate(place, () => act(...args), 'user');
  };
  const functions = {
    setTimeout: setting(false, real.setTimeout as Callback),
    setInterval: setting(true, real.setInterval as Callback),
    setImmediate: setSoon,
    clearTimeout: (handle: unknown) => clear(handle, real.clearTimeout),
    clearInterval: (handle: unknown) => clear(handle, real.clearInterval),
    clearImmediate: (handle: unknown) => clear(handle, real.clearImmediate),
  };
  const promised = {setTimeout: promisedTimeout(here), setImmediate: promisedImmediate(here)};
  for (const [name, fn] of Object.entries(promised))
    Object.defineProperty(functions[name as keyof typeof promised], promisify.custom, {value: fn});
  return Object.entries(functions).flatMap(([name, fn]) => [
    [globalThis, name, fn] as const,
    [timers, name, fn] as const,
  ]);
}

function checkCallback(act: unknown): void {
  if (typeof act === 'function') return;
  const error = new TypeError('The "callback" argument must be of type function');
  throw Object.assign(error, {code: 'ERR_INVALID_ARG_TYPE'});
}

function clear(handle: unknown, instead: (handle: never) => void): void {
  const own = handle instanceof VirtualImmediate ? handle : virtualTimer(handle);
  if (own) own.close();
  else instead(handle as never);
}

interface WaitOptions {
  readonly signal?: AbortSignal;
  readonly ref?: boolean;
}

const realPromises = {...timersPromises, scheduler: {...timersPromises.scheduler}};

function promisedTimeout(here: Here) {
  return (ms?: number, value?: unknown, options: WaitOptions = {}): Promise<unknown> => {
    const place = here();
    if (!place) return realPromises.setTimeout(ms, value, options);
    return wait(options, value, done => {
      const timer = new VirtualTimer({place, ms: timerMs(ms), act: done, repeats: false, setter: 'user'});
      if (options.ref === false) timer.unref();
      return timer;
    });
  };
}

function promisedImmediate(here: Here) {
  return (value?: unknown, options: WaitOptions = {}): Promise<unknown> => {
    const place = here();
    if (!place) return realPromises.setImmediate(value, options);
    return wait(options, value, done => new VirtualImmediate(place, done, 'user'));
  };
}

/** A promise over a handle, which ends with the signal. */
function wait({signal}: WaitOptions, value: unknown, set: (done: () => void) => {close(): unknown}): Promise<unknown> {
  if (signal?.aborted) return Promise.reject(abortError(signal));
  return new Promise((resolve, reject) => {
    const aborted = (): void => {
      handle.close();
      reject(abortError(signal as AbortSignal));
    };
    const handle = set(() => {
      signal?.removeEventListener('abort', aborted);
      resolve(value);
    });
    signal?.addEventListener('abort', aborted, {once: true});
  });
}

function abortError({reason}: AbortSignal): Error {
  const error = new Error('The operation was aborted', {cause: reason});
  return Object.assign(error, {name: 'AbortError', code: 'ABORT_ERR'});
}

function timerPromises(here: Here): Replacement[] {
  const later = promisedTimeout(here);
  async function* ticks(ms?: number, value?: unknown, options: WaitOptions = {}): AsyncGenerator<unknown> {
    if (!here()) yield* realPromises.setInterval(ms, value, options);
    else for (;;) yield await later(ms, value, options);
  }
  const waiting = (ms: number, options?: WaitOptions): Promise<unknown> => later(ms, undefined, options);
  return [
    [timersPromises, 'setTimeout', later],
    [timersPromises, 'setImmediate', promisedImmediate(here)],
    [timersPromises, 'setInterval', ticks],
    [timersPromises.scheduler, 'wait', waiting],
  ];
}

function clocks(here: Here): Replacement[] {
  const realDate = Date;
  const realNow = Date.now;
  const virtualNow = (): number | undefined => {
    const place = here();
    return place && epochMs + Math.floor(place.agenda.now);
  };
  const date: DateConstructor = new Proxy(realDate, {
    construct(target, args, newTarget) {
      const now = args.length === 0 ? virtualNow() : undefined;
      return Reflect.construct(target, now === undefined ? args : [now], newTarget === date ? target : newTarget);
    },
    apply(target, self, args) {
      const now = virtualNow();
      return now === undefined ? Reflect.apply(target, self, args) : new realDate(now).toString();
    },
  });
  const performanceNow = performance.now.bind(performance);
  const hrtime = process.hrtime;
  const virtualHrtime = (before?: [number, number]): [number, number] => {
    const place = here();
    if (!place) return hrtime(before);
    const nanos =
      BigInt(Math.round(place.agenda.now * 1e6)) - (before ? BigInt(before[0]) * 10n ** 9n + BigInt(before[1]) : 0n);
    return [Number(nanos / 10n ** 9n), Number(nanos % 10n ** 9n)];
  };
  const bigint = (): bigint => {
    const place = here();
    return place ? BigInt(Math.round(place.agenda.now * 1e6)) : hrtime.bigint();
  };
  return [
    [realDate, 'now', () => virtualNow() ?? realNow()],
    [realDate.prototype, 'constructor', date],
    [globalThis, 'Date', date],
    [performance, 'now', () => here()?.agenda.now ?? performanceNow()],
    [process, 'hrtime', Object.assign(virtualHrtime, {bigint})],
  ];
}

function randomness(here: Here, random: () => number): Replacement[] {
  const real = {...crypto};
  const realRandom = Math.random;
  const realFill = globalThis.crypto.getRandomValues.bind(globalThis.crypto);
  const answered = <T>(value: T, callback: ((error: null, value: T) => void) | undefined): T | undefined => {
    if (!callback) return value;
    process.nextTick(callback, null, value);
    return undefined;
  };
  const randomBytes = (count: number, callback?: (error: Error | null, bytes: Buffer) => void): unknown => {
    if (here()) return answered(bytesOf(count, random), callback);
    return callback ? real.randomBytes(count, callback) : real.randomBytes(count);
  };
  const randomInt = (...args: unknown[]): unknown => {
    if (!here()) return (real.randomInt as (...all: unknown[]) => unknown)(...args);
    const callback = args.findLast((arg): arg is Callback => typeof arg === 'function');
    const [first = 0, second] = args.filter(arg => typeof arg === 'number');
    const [min, max] = second === undefined ? [0, first] : [first, second];
    return answered(min + Math.floor(random() * (max - min)), callback);
  };
  const randomUUID = (options?: crypto.RandomUUIDOptions): string =>
    here() ? uuidOf(bytesOf(16, random)) : real.randomUUID(options);
  const fill = <T extends NodeJS.ArrayBufferView>(into: T): T => {
    new Uint8Array(into.buffer, into.byteOffset, into.byteLength).set(bytesOf(into.byteLength, random));
    return into;
  };
  const getRandomValues = <T extends NodeJS.ArrayBufferView>(into: T): T =>
    here() ? fill(into) : (realFill(into as never) as T);
  return [
    [Math, 'random', () => (here() ? random() : realRandom())],
    [crypto, 'randomBytes', randomBytes],
    [crypto, 'randomInt', randomInt],
    [crypto, 'randomUUID', randomUUID],
    [globalThis.crypto, 'getRandomValues', getRandomValues],
    [globalThis.crypto, 'randomUUID', randomUUID],
  ];
}

function bytesOf(count: number, random: () => number): Buffer {
  const bytes = Buffer.alloc(count);
  for (let at = 0; at < count; at++) bytes[at] = Math.floor(random() * 256);
  return bytes;
}

function uuidOf(bytes: Buffer): string {
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

function abortSignalTimeout(here: Here, real: (ms: number) => AbortSignal): (ms: number) => AbortSignal {
  return ms => {
    const place = here();
    if (!place) return real.call(AbortSignal, ms);
    const controller = new AbortController();
    const act = (): void =>
      controller.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError'));
    new VirtualTimer({place, ms: timerMs(ms), act, repeats: false, setter: 'user'}).unref();
    return controller.signal;
  };
}
