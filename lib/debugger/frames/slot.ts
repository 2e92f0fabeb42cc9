/**
 * The one thing that the agent finds in the main thread: where it puts a value for Node's `inspect` to show, what it has
 * done there, and `held`.
 * Floor 7: below `agent` (which makes it, in the main thread) and `inspected` (which uses it, from the agent's).
 */
import {open, url} from 'node:inspector';
import {type InspectOptions, inspect, types} from 'node:util';

export const inspectorSlot = 'rxtractor/debugger/slot';

interface Slot {
  value: unknown;
  show(brief: boolean): string;
  /** Opens Node's own inspector for others, and gives its address. */
  devtools(): string | undefined;
  /** What the agent talks to while the thread stands in the call of a breakpoint. */
  readonly held: object | undefined;
}

/** One of many values, or the one that was asked for: none of the user's code runs for the first. */
const full: InspectOptions = {depth: 3, maxStringLength: 10_000};
const short: InspectOptions = {depth: 1, maxArrayLength: 10, maxStringLength: 200, customInspect: false};
const most = {full: {lines: 200, characters: 20_000}, brief: {lines: 12, characters: 1_000}};

/** As Node's own prompt shows it, cut where it is too much for a person. */
export function showValue(value: unknown, {brief, columns}: {brief: boolean; columns: number}): string {
  hideStores(value);
  const text = inspect(value, {...(brief ? short : full), breakLength: Math.max(40, columns - 2)});
  const {lines, characters} = brief ? most.brief : most.full;
  const all = text.slice(0, characters).split('\n');
  const kept = all.slice(0, lines).join('\n');
  const left = text.length - kept.length;
  return left === 0 ? kept : `${kept}\n… ${left} more characters: ask for a part of it`;
}

/**
 * Node 20 keeps what belongs to an `AsyncLocalStorage` on each promise, under symbols that `inspect` shows: pages of the
 * runtime's own. They are read as before.
 */
function hideStores(value: unknown): void {
  const parts = types.isProxy(value) || typeof value !== 'object' || value === null ? [] : [value];
  for (const at of parts.flatMap(part => [
    part,
    ...Object.values(Object.getOwnPropertyDescriptors(part)).map(own => own.value),
  ])) {
    if (!types.isPromise(at)) continue;
    for (const key of Object.getOwnPropertySymbols(at))
      if (key.description === 'kResourceStore') Object.defineProperty(at, key, {enumerable: false});
  }
}

/** In the main thread, before it is stopped. Nothing is kept alive by it once it has been shown. */
export function makeSlot(columns: number, held?: object): void {
  const slot: Slot = {
    value: undefined,
    held,
    show(brief) {
      const {value} = slot;
      slot.value = undefined;
      return showValue(value, {brief, columns});
    },
    devtools() {
      // A free port, of this host alone.
      if (url() === undefined) open(0, '127.0.0.1');
      return url();
    },
  };
  Object.defineProperty(globalThis, Symbol.for(inspectorSlot), {value: slot, configurable: true, enumerable: false});
}
