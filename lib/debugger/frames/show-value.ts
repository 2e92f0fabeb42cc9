/**
 * How a prompt shows a value: as Node's own prompt does, cut where the text is longer than a person reads.
 * Floor 7: below `agent-global`, `captured-debuggee` and `inspector-protocol`; needs nothing but Node's `inspect`.
 */
import {type InspectOptions, inspect, types} from 'node:util';

/** For the value that the person asked for. */
const full: InspectOptions = {depth: 3, maxStringLength: 10_000};
/** For one of many values. `customInspect` is off because the person did not ask to run code of these objects. */
const short: InspectOptions = {depth: 1, maxArrayLength: 10, maxStringLength: 200, customInspect: false};
/** Maximum text of one value. */
const most = {full: {lines: 200, characters: 20_000}, brief: {lines: 12, characters: 1_000}};

/** @param options `brief`: the value is one of many; `columns`: the width of the terminal */
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
 * Hides what Node 20 keeps on each promise for an `AsyncLocalStorage`: under symbols that `inspect` shows, these are
 * pages of the runtime's own state. The program reads them as before.
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
