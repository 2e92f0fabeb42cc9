/**
 * Timers in virtual time: what `setTimeout` and its relatives give back to code of a simulation.
 * Floor 9, room `simulation`: above `place`; `globals` puts them in the place of the real ones.
 */
import type {Entry} from './agenda.js';
import {boundHere, type Place, runAt} from './place.js';

/** The longest time that a timer takes, in ms, as in Node: a longer one fires at once. */
const longestMs = 2 ** 31 - 1;

/** Who sets a timer: the code of the user, or the runtime, whose timers that do not keep a process alive are its own affair. */
export type Setter = 'user' | 'runtime';

interface TimerOptions {
  readonly place: Place;
  readonly ms: number;
  readonly act: () => void;
  readonly repeats: boolean;
  readonly setter: Setter;
}

/** The handle of a timer. */
export class VirtualTimer {
  readonly #options: TimerOptions;
  readonly #act: () => void;
  readonly #madeAt: string | undefined;
  #entry: Entry | undefined;
  #hasRef = true;

  constructor(options: TimerOptions) {
    this.#options = options;
    const {place, act} = options;
    // Work that a heartbeat begins is the runtime's own affair too.
    this.#act = boundHere(() => runAt({...place, isBackground: this.#isBackground}, act));
    this.#madeAt = options.setter === 'user' ? new Error('made').stack : undefined;
    this.#set();
  }

  ref(): this {
    return this.#keepAlive(true);
  }

  unref(): this {
    return this.#keepAlive(false);
  }

  hasRef(): boolean {
    return this.#hasRef;
  }

  refresh(): this {
    if (!this.#entry) return this;
    this.close();
    this.#set();
    return this;
  }

  close(): this {
    if (this.#entry) this.#options.place.agenda.remove(this.#entry);
    this.#entry = undefined;
    return this;
  }

  [Symbol.toPrimitive](): number {
    const id = ids.get(this) ?? nextId++;
    ids.set(this, id);
    byId.set(id, new WeakRef(this));
    return id;
  }

  get #isBackground(): boolean {
    return this.#options.setter === 'runtime' && !this.#hasRef;
  }

  #set(): void {
    const {place, ms, repeats} = this.#options;
    const {agenda, actor} = place;
    this.#entry = agenda.add(agenda.timersOf(actor), ms, {
      what: `timer of ${ms} ms`,
      isBackground: this.#isBackground,
      keepsAlive: this.#hasRef,
      madeAt: this.#madeAt,
      act: () => {
        this.#entry = undefined;
        if (repeats) this.#set();
        this.#act();
      },
    });
  }

  #keepAlive(on: boolean): this {
    if (on === this.#hasRef) return this;
    this.#hasRef = on;
    const entry = this.#entry;
    if (!entry) return this;
    if (this.#options.setter === 'user') {
      entry.keepsAlive = on;
      return this;
    }
    // The runtime says so in the turn in which it has set the timer.
    this.close();
    this.#set();
    return this;
  }
}

/** A timer as a number, which `clearTimeout` takes too. */
const ids = new WeakMap<VirtualTimer, number>();
const byId = new Map<number, WeakRef<VirtualTimer>>();
let nextId = 1;

/** The timer that somebody wants to clear. Undefined when it is not of a simulation. */
export function virtualTimer(handle: unknown): VirtualTimer | undefined {
  if (handle instanceof VirtualTimer) return handle;
  const isNumber = typeof handle === 'number' || (typeof handle === 'string' && handle !== '');
  return isNumber ? byId.get(Number(handle))?.deref() : undefined;
}

/** The handle of something that happens in the next turn. */
export class VirtualImmediate {
  readonly #place: Place;
  readonly #entry: Entry;
  #hasRef = true;

  constructor(place: Place, act: () => void, setter: Setter) {
    this.#place = place;
    const {agenda, actor, isBackground} = place;
    const madeAt = setter === 'user' ? new Error('made').stack : undefined;
    this.#entry = agenda.add(agenda.turnsOf(actor), 0, {what: 'next turn', act: boundHere(act), isBackground, madeAt});
  }

  ref(): this {
    this.#hasRef = true;
    return this;
  }

  unref(): this {
    this.#hasRef = false;
    this.#entry.keepsAlive = false;
    return this;
  }

  hasRef(): boolean {
    return this.#hasRef;
  }

  close(): void {
    this.#place.agenda.remove(this.#entry);
  }
}

// A `using` declaration, where Node has the symbol: it is younger than Node 20's types say.
for (const Handle of [VirtualTimer, VirtualImmediate])
  if (Symbol.dispose)
    Object.defineProperty(Handle.prototype, Symbol.dispose, {
      configurable: true,
      value(this: VirtualTimer | VirtualImmediate) {
        this.close();
      },
    });

/** The time that a timer really gets, as in Node. */
export function timerMs(ms: unknown): number {
  const number = Number(ms);
  return number >= 1 && number <= longestMs ? Math.trunc(number) : 1;
}
