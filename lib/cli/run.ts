/**
 * Runs one command line: finds the command, reads its arguments, prints its help or its error.
 * Floor 10: below the program `rxtractor`, above all commands.
 */
import {escapeText} from '../base/escape.js';
import {thrownText} from '../base/foreign.js';
import {libraryVersion} from '../base/version.js';
import {readArguments} from './arguments.js';
import {type Command, type ExitCode, exit, UsageError} from './command.js';
import {commands} from './commands.js';
import {helpOf, helpOfAll} from './help.js';
import {type Io, line} from './io.js';

/** Never rejects. */
export async function run([name, ...args]: readonly string[], io: Io): Promise<ExitCode> {
  try {
    return await dispatch(name, args, io);
  } catch (error) {
    line(io.err, `rxtractor: ${escapeText(thrownText(error))}`);
    if (!(error instanceof UsageError)) return exit.error;
    line(io.err, `rxtractor ${commands.some(each => each.name === name) ? `${name} ` : ''}--help says how it is used`);
    return exit.usage;
  }
}

async function dispatch(name: string | undefined, args: readonly string[], io: Io): Promise<ExitCode> {
  if (name === undefined) throw new UsageError('which command?');
  if (name === '--version' || name === '-v') return printed(io, `${libraryVersion()}\n`);
  if (name === '--help' || name === '-h' || name === 'help') return printed(io, helpText(args[0]));
  const command = find(name);
  const given = readArguments(command, args);
  return given ? command.run(given, io) : printed(io, helpOf(command));
}

const helpText = (name: string | undefined): string => (name === undefined ? helpOfAll(commands) : helpOf(find(name)));

function find(name: string): Command {
  const command = commands.find(each => each.name === name);
  if (!command) throw new UsageError(`there is no command ${name}`);
  return command;
}

function printed(io: Io, text: string): ExitCode {
  io.out.write(text);
  return exit.fine;
}
