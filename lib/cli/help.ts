/**
 * The texts of `--help`, made from what each command says of itself. The reference page holds the same texts.
 * Floor 10: above `command`; pure.
 */
import type {Command, Option} from './command.js';

export const summary = 'rxtractor looks at running trees of actors.';

export function helpOfAll(commands: readonly Command[]): string {
  const rows = commands.map(command => [usageOf(command), command.summary] as const);
  return `${summary}

${columns(rows)}

ROOT is a tree: the pid of its root, the id of the tree, unix:PATH or tls://HOST:PORT.
Without it, the only tree that this user runs here. ACTOR is a name or an id.

rxtractor COMMAND --help says more. Exit codes: 0, 1 error, 2 finding, 64 usage.
`;
}

export function helpOf(command: Command): string {
  const options = Object.entries({
    ...command.options,
    help: {type: 'boolean', short: 'h', help: 'Print this text.'} as Option,
  });
  return `Usage: rxtractor ${usageOf(command)}${options.length > 1 ? ' [OPTIONS]' : ''}

${command.about.trim()}

${columns(options.map(([name, option]) => [optionText(name, option), option.help] as const))}
`;
}

const usageOf = ({name, operands}: Command): string => [name, ...operands].join(' ');

function optionText(name: string, {short, value}: Option): string {
  return `${short ? `-${short}, ` : '    '}--${name}${value ? ` ${value}` : ''}`;
}

function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([text]) => text.length));
  return rows.map(([text, help]) => `  ${text.padEnd(width)}  ${help}`).join('\n');
}
