/**
 * The arguments of Node that an actor inherits from the process that starts it, and those that are kept from it.
 * Floor 6: below the backends, and below `environment`, because `NODE_OPTIONS` has arguments too.
 */
import {isSpawned} from '../../base/current.js';
import {type SpawnRequest, visibleValues} from './spawner.js';

/** They would make a child run its parent's code again instead of its entry, or wait for a person. */
const forOneProcess =
  /^(--eval|-e|-p|-pe|--print|--input-type|--interactive|-i|--check|-c|--test.*|--experimental-test.*|--watch.*)$/;
/** They would open the inspector of the parent again, in each child. */
const ofInspector = /^(--inspect.*|--debug-port)$/;
/** The option of V8 that `maxHeap` sets. */
const heapOption = '--max-old-space-size';

/** The arguments of Node for a process that is to be started. */
export function nodeArgs({execArgv, debug, maxHeap}: Pick<SpawnRequest, 'execArgv' | 'debug' | 'maxHeap'>): string[] {
  const args = execArgv ? without(execArgv, [forOneProcess]) : without(process.execArgv, [forOneProcess, ofInspector]);
  return [...withVisibleValues(args, debug, execArgv !== undefined), ...(maxHeap ? [`${heapOption}=${maxHeap}`] : [])];
}

/** @param isNamed whether the user has named the arguments */
function withVisibleValues(args: string[], debug: boolean | undefined, isNamed: boolean): string[] {
  if (debug) return [...args, ...visibleValues.filter(flag => !args.includes(flag))];
  // This actor may be in debug mode itself, and its child not: then the flags were given to this actor alone.
  return isSpawned() && !isNamed ? args.filter(arg => !visibleValues.includes(arg)) : args;
}

/** `NODE_OPTIONS` as a child inherits it. */
export function inheritedNodeOptions(nodeOptions: string): string {
  const options = optionsOf(nodeOptions);
  const kept = without(options, [forOneProcess, ofInspector], unquoted);
  return kept.length === options.length ? nodeOptions : kept.join(' ');
}

/** The arguments in `NODE_OPTIONS`, each with its quotes. */
export function optionsOf(nodeOptions: string): string[] {
  return nodeOptions.match(/(?:"(?:\\.|[^"\\])*"|[^ "])+/g) ?? [];
}

/** An argument of `NODE_OPTIONS` as Node reads it. */
export function unquoted(option: string): string {
  return option.replace(/"((?:\\.|[^"\\])*)"/g, (_, text: string) => text.replace(/\\(.)/g, '$1'));
}

/** The limit of the heap in MiB that this process was started with; undefined when it has none. */
export function heapOfProcess(): number | undefined {
  const args = [...(process.env.NODE_OPTIONS ?? '').split(' '), ...process.execArgv].map(normal);
  const size = args.findLast(arg => arg.startsWith(`${heapOption}=`))?.slice(heapOption.length + 1);
  return size === undefined ? undefined : Number(size);
}

/** The arguments without some, and without the values of those. */
function without(args: readonly string[], dropped: readonly RegExp[], textOf?: (arg: string) => string): string[] {
  return apart(args, dropped, textOf).others;
}

/** The arguments of some names, with their values, and the others. A value never begins with a dash. */
export function apart(
  args: readonly string[],
  wanted: readonly RegExp[],
  textOf = (arg: string) => arg,
): {named: string[]; others: string[]} {
  const [named, others]: [string[], string[]] = [[], []];
  let isNamed = false;
  for (const arg of args) {
    const text = textOf(arg);
    if (text.startsWith('-')) isNamed = wanted.some(names => names.test(nameOf(text)));
    (isNamed ? named : others).push(arg);
  }
  return {named, others};
}

/** The name of an argument that may have its value with it. */
export const nameOf = (arg: string): string => normal(arg).split('=', 1)[0] as string;

/** Node takes `--inspect_port` for `--inspect-port`. */
function normal(arg: string): string {
  const [name = '', ...value] = arg.split('=');
  return [arg.startsWith('--') ? name.replaceAll('_', '-') : name, ...value].join('=');
}
