/**
 * The clock: the only door through which this library reads the time, sets a timer, or waits for a turn of the event loop.
 * Floor 0: a scope hands its clock down to the scopes inside it; code without a scope uses `plainClock`.
 *
 * The debugger replaces the clock of an actor by a gated one: while somebody in the tree is at a prompt, the limits that one
 * actor sets for another stand still.
 */
import {type IntervalHistogram, monitorEventLoopDelay} from 'node:perf_hooks';
import {onAbort} from './abort.js';

/** Stops a timer, or a wait. Calling it again, or after the end, changes nothing. */
export type Stop = () => void;

/** The functions of the platform behind a clock. */
export type Time = Pick<typeof globalThis, 'setTimeout' | 'clearTimeout' | 'setImmediate' | 'clearImmediate'> & {
  now(): number;
};

/** Whether the limits of a tree stand still, as the debugger knows it. */
export interface Gate {
  /** Whether somebody in the tree of this root holds the terminal, or waits for it, at this moment. */
  isClosed(): boolean;
  /**
   * Undefined: nobody has the terminal, so that the caller may go on. A promise: somebody may have it. The promise resolves
   * when nobody has it, with the milliseconds since the last one had it. It never rejects.
   */
  opened(): Promise<number> | undefined;
}

/**
 * The functions as they are when this module is loaded. A test runner that replaces the global ones later (fake timers) does
 * not stop the runtime.
 */
export const realTime: Time = {
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  setImmediate: globalThis.setImmediate,
  clearImmediate: globalThis.clearImmediate,
  now: performance.now.bind(performance),
};

/** Replaces the time of this process. Returns how to give it back. The testing kit does this for the length of a simulation. */
export function replaceTime(make: (real: Time) => Time): Stop {
  const real = {...realTime};
  Object.assign(realTime, make(real));
  return () => void Object.assign(realTime, real);
}

/** The date as it is when this module is loaded, as above. */
export const wallTime: () => number = Date.now.bind(Date);

/** Microseconds of a clock that all processes of a host share, and that only grows. */
export const hostMicros = (): number => Number(process.hrtime.bigint() / 1_000n);

/** Measures by how much the event loop is late, in ns, until it is disabled. */
export function loopDelay(): IntervalHistogram {
  const histogram = monitorEventLoopDelay({resolution: 20});
  histogram.enable();
  return histogram;
}

/** The gate outside debug mode. */
const open: Gate = {isClosed: () => false, opened: () => undefined};

/** The longest time that one `setTimeout` takes, in ms: a longer one would fire at once. */
const longestMs = 2 ** 31 - 1;
/** A timer that fires later than this, in ms, shows that this very process stood still. */
const stallMs = 200;

export class Clock {
  readonly #time: Time;
  readonly #gate: Gate;

  constructor(time: Time, gate: Gate = open) {
    this.#time = time;
    this.#gate = gate;
  }

  /** The same time behind a gate. */
  gatedBy(gate: Gate): Clock {
    return new Clock(this.#time, gate);
  }

  /** Milliseconds that only grow, from an arbitrary start. */
  now(): number {
    return this.#time.now();
  }

  /**
   * Calls `fn` after `ms` milliseconds, of any length: Infinity means never. The gate does not hold it up.
   *
   * @param options `background`: the timer does not keep the process alive
   */
  timer(ms: number, fn: () => void, options?: {readonly background: boolean}): Stop {
    let rest = ms;
    let handle: NodeJS.Timeout;
    const arm = (): void => {
      const part = Math.min(rest, longestMs);
      rest -= part;
      handle = this.#time.setTimeout(() => (rest > 0 ? arm() : fn()), part);
      if (options?.background) handle.unref();
    };
    arm();
    return () => this.#time.clearTimeout(handle);
  }

  /** Calls `fn` again and again, every `ms` milliseconds, of any length. It does not keep the process alive. */
  every(ms: number, fn: () => void): Stop {
    let stop: Stop;
    const arm = (): void => {
      stop = this.timer(ms, again, {background: true});
    };
    const again = (): void => {
      arm();
      fn();
    };
    arm();
    return () => stop();
  }

  /** Calls `fn` in the next turn of the event loop. */
  soon(fn: () => void, options?: {readonly background: boolean}): Stop {
    const handle = this.#time.setImmediate(fn);
    if (options?.background) handle.unref();
    return () => this.#time.clearImmediate(handle);
  }

  /**
   * Resolves after `ms` milliseconds, or as soon as the signal aborts.
   *
   * @param options `background`: the pause does not keep the process alive
   */
  pause(
    ms: number,
    options: {readonly background?: boolean; readonly signal?: AbortSignal | undefined} = {},
  ): Promise<void> {
    const {background = false, signal} = options;
    return new Promise(resolve => {
      let stopListening: Stop = () => {};
      const done = (): void => {
        stopTimer();
        stopListening();
        resolve();
      };
      const stopTimer = this.timer(ms, done, {background});
      stopListening = onAbort(signal, done);
    });
  }

  /** Resolves in the next turn of the event loop, or after `turns` turns. */
  async turn(turns = 1): Promise<void> {
    for (let turn = 0; turn < turns; turn++) await new Promise<void>(resolve => this.soon(resolve));
  }

  /** A limit for work in this process. The gate holds it up. */
  limit(ms: number, over: () => void, options?: {readonly background: boolean}): Stop {
    let stop: Stop;
    let stopped = false;
    const set = (wait: number): void => {
      stop = this.timer(wait, () => this.#unlessHeldUp(ms, over, set, () => stopped), options);
    };
    set(ms);
    return () => {
      stopped = true;
      stop();
    };
  }

  /**
   * A limit for a peer. When this process itself stood still, the peer's answer may lie unread, so the limit is set once
   * more (rule T14: a stall of this process is not the peer's fault). The gate holds it up.
   *
   * @param whole the milliseconds that the peer gets after a prompt. Default: `ms`
   */
  deadline(ms: number, missed: () => void, whole = Math.max(0, ms)): Stop {
    let stop: Stop;
    let stopped = false;
    const set = (wait: number): void => {
      const due = this.now() + wait;
      const late = (): void =>
        this.now() - due > stallMs ? set(wait) : this.#unlessHeldUp(whole, missed, set, () => stopped);
      stop = this.timer(wait, late);
    };
    set(Math.max(0, ms));
    return () => {
      stopped = true;
      stop();
    };
  }

  /** Acts on a limit that somebody else has measured. The gate holds it up: then the peer gets `whole` ms after the prompt. */
  overdue(whole: number, missed: () => void): Stop {
    let stop: Stop = () => {};
    let stopped = false;
    const again = (left: number): void => {
      stop = this.deadline(left, missed, whole);
    };
    this.#unlessHeldUp(whole, missed, again, () => stopped);
    return () => {
      stopped = true;
      stop();
    };
  }

  /** Whether a promise settles within `ms` milliseconds. It leaves no timer behind. @param whole see `deadline` */
  async within(promise: Promise<unknown>, ms: number, whole?: number): Promise<boolean> {
    let stop: Stop = () => {};
    const late = new Promise<boolean>(resolve => {
      stop = this.deadline(ms, () => resolve(false), whole);
    });
    try {
      return await Promise.race([promise.then(() => true), late]);
    } finally {
      stop();
    }
  }

  /** Whether somebody is at a prompt, as far as this process knows at this moment. */
  get standsStill(): boolean {
    return this.#gate.isClosed();
  }

  /** Asked before an actor ends another one. Undefined: go on. See `Gate.opened`. */
  free(): Promise<number> | undefined {
    return this.#gate.opened();
  }

  /** Acts at once, or when nobody is at a prompt. */
  whenFree(act: () => void): void {
    const gate = this.#gate.opened();
    if (gate) void gate.then(act);
    else act();
  }

  /** A limit is over. When somebody was at a prompt meanwhile, the limit begins anew after the prompt. */
  #unlessHeldUp(whole: number, over: () => void, again: (left: number) => void, stopped: () => boolean): void {
    const gate = this.#gate.opened();
    if (!gate) {
      over();
      return;
    }
    void gate.then(free => {
      if (stopped()) return;
      if (free < whole) again(whole - free);
      else over();
    });
  }
}

/** The real time, which nobody holds up. */
export const plainClock = new Clock(realTime);
