/**
 * Reads the arguments of a command: its options by `parseArgs`, and which of the others is the ROOT.
 * Floor 10: above `command`; pure.
 */
import {type ParseArgsConfig, parseArgs} from 'node:util';
import {type Command, type Given, type Operand, UsageError} from './command.js';

/** Every command has it. */
const helpOption = {type: 'boolean', short: 'h'} as const;

/** Undefined when help is asked for. @throws UsageError */
export function readArguments(command: Command, args: readonly string[]): Given | undefined {
  const {values, positionals} = parsed(command, args);
  if (values.help) return undefined;
  return {...placed(command, positionals), options: values};
}

interface Parsed {
  readonly values: Given['options'];
  readonly positionals: readonly string[];
}

function parsed({options}: Command, args: readonly string[]): Parsed {
  const named = Object.entries(options).map(([name, {type, short, many}]) => [
    name,
    {type, ...(short && {short}), ...(many && {multiple: true})},
  ]);
  const config: ParseArgsConfig = {
    args: [...args],
    options: {...Object.fromEntries(named), help: helpOption},
    allowPositionals: true,
  };
  try {
    return parseArgs(config) as Parsed;
  } catch (error) {
    throw new UsageError(firstSentence((error as Error).message));
  }
}

/** Node adds advice about `--`, which does not hold for every command. */
const firstSentence = (text: string): string => text.replace(/\. .*$/s, '');

/** An argument that is a ROOT by its form. The id of a tree has no form, so it is one where all arguments are given. */
const isRoot = (text: string): boolean => /^(?:\d+$|unix:|tls:|tcp:)/.test(text);

function placed({name, operands}: Command, given: readonly string[]): Omit<Given, 'options'> {
  const names = operands.map(operand => operand.replace(/[[\]]/g, '') as Operand);
  const needed = operands.filter(operand => !operand.startsWith('[')).length;
  if (given.length > names.length) throw new UsageError(`${name} takes ${countOf(names.length)}, not ${given.length}`);
  if (given.length < needed)
    throw new UsageError(`${name} needs ${operands.filter(each => !each.startsWith('[')).join(' ')}`);
  const [first = ''] = given;
  const isWithoutRoot = names[0] === 'ROOT' && names.length > 1 && given.length < names.length && !isRoot(first);
  const taken = isWithoutRoot ? names.slice(1) : names;
  if (given.length < needed + (isWithoutRoot || names[0] !== 'ROOT' ? 0 : needed > 0 ? 1 : 0))
    throw new UsageError(`${name} needs ${names.at(needed)} beside the root ${first}`);
  return Object.fromEntries(given.map((text, at) => [(taken[at] as string).toLowerCase(), text]));
}

const countOf = (count: number): string => (count === 1 ? '1 argument' : `${count === 0 ? 'no' : count} arguments`);
