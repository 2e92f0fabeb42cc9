/**
 * How a prompt shows a value: as Node's own prompt does, cut where the text is longer than a person reads.
 * Floor 7: below `agent-global`, `captured-debuggee` and `inspector-protocol`, above `capture`, which knows whose a class is.
 */
import {type InspectOptions, inspect, types} from 'node:util';
import {isUsersScript} from './capture.js';
import {type PrivateField, privateFieldsOf, scriptOfClass} from './private-fields.js';

/** `brief`: the value is one of many. `full`: the person asked for it. `deep`: the person asked for all of it. */
export type ShownDetail = 'brief' | 'full' | 'deep';

const inspected: Readonly<Record<ShownDetail, InspectOptions>> = {
  // `customInspect` is off because the person did not ask to run code of these objects.
  brief: {depth: 1, maxArrayLength: 10, maxStringLength: 200, customInspect: false},
  full: {depth: 3, maxStringLength: 10_000},
  deep: {depth: 20, maxArrayLength: 10_000, maxStringLength: 1_000_000},
};
/** Maximum text of one value. */
const most: Readonly<Record<ShownDetail, {readonly lines: number; readonly characters: number}>> = {
  brief: {lines: 12, characters: 1_000},
  full: {lines: 200, characters: 20_000},
  deep: {lines: 10_000, characters: 1_000_000},
};
const advice: Readonly<Record<ShownDetail, string>> = {
  brief: 'ask for a part of it',
  full: 'ask for a part of it, or pp it',
  deep: 'ask for a part of it',
};

/** A colour that was cut in two. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: colours are made of them
const halfColour = /\x1b[^m]*$/;

export interface ShowOptions {
  readonly detail: ShownDetail;
  /** The width of the terminal. */
  readonly columns: number;
  /** Whether the terminal has colours. Default false. */
  readonly colours?: boolean;
}

export function showValue(value: unknown, {detail, columns, colours = false}: ShowOptions): string {
  hideStores(value);
  const options = {...inspected[detail], colors: colours, breakLength: Math.max(40, columns - 2)};
  const text = withPrivateFields(inspect(value, options), value, options);
  const {lines, characters} = most[detail];
  const all = text.slice(0, characters).replace(halfColour, '').split('\n');
  const kept = all.slice(0, lines).join('\n');
  const left = text.length - kept.length;
  return left === 0 ? kept : `${kept}\n… ${left} more characters: ${advice[detail]}`;
}

/** Adds the private fields of an object whose class is the user's. Those of Node's and of this library tell a user nothing. */
function withPrivateFields(text: string, value: unknown, options: InspectOptions): string {
  if ((typeof value !== 'object' || value === null) && typeof value !== 'function') return text;
  const own = privateFieldsOf(value);
  if (own.length === 0 || !isUsersScript(scriptOfClass(value))) return text;
  const fields = own.map(field => `${field.name}: ${privateValue(field, options)}`);
  if (!text.endsWith('}')) return [text, ...fields.map(indented)].join('\n');
  const head = text.slice(0, -1).trimEnd();
  const line = `${head}${head.endsWith('{') ? ' ' : ', '}${fields.join(', ')} }`;
  if (!line.includes('\n') && line.length <= (options.breakLength ?? 80)) return line;
  return `${head}${head.endsWith('{') ? '' : ','}\n${fields.map(indented).join(',\n')}\n}`;
}

/** A getter does not run, as `inspect` does not run it. */
function privateValue({value, get, set}: PrivateField, options: InspectOptions): string {
  if (get) return set ? '[Getter/Setter]' : '[Getter]';
  return set ? '[Setter]' : inspect(value, options);
}

const indented = (text: string): string => `  ${text.replaceAll('\n', '\n  ')}`;

/**
 * Symbols under which Node keeps things on promises: the values of an `AsyncLocalStorage`, which are pages of the runtime's own state, and numbers of its
 * hooks.
 */
const ofNode = ['kResourceStore', 'async_id_symbol', 'trigger_async_id_symbol'];

/** Hides it, because `inspect` would show it. The program reads it as before. */
function hideStores(value: unknown): void {
  const parts = types.isProxy(value) || typeof value !== 'object' || value === null ? [] : [value];
  for (const at of parts.flatMap(part => [
    part,
    ...Object.values(Object.getOwnPropertyDescriptors(part)).map(own => own.value),
  ])) {
    if (!types.isPromise(at)) continue;
    for (const key of Object.getOwnPropertySymbols(at))
      if (ofNode.includes(key.description ?? '')) Object.defineProperty(at, key, {enumerable: false});
  }
}
