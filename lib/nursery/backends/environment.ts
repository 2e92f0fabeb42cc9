/**
 * The things that an actor gets from the process that starts it: the environment variables, and the arguments of Node.
 * Floor 6: below the backends that start a process or a thread.
 */
import {isSpawned} from '../../base/current.js';
import {type SpawnRequest, visibleValues} from './spawner.js';

/** `env` over the variables of this process; `undefined` removes. Node's own channel to its parent is not for the child. */
export function environment(env: SpawnRequest['env']): NodeJS.ProcessEnv {
  const merged: NodeJS.ProcessEnv = {...process.env};
  if (process.stderr.isTTY && merged.FORCE_COLOR === undefined && merged.NO_COLOR === undefined)
    merged.FORCE_COLOR = '1';
  Object.assign(merged, env);
  for (const [name, value] of Object.entries(merged)) if (value === undefined) delete merged[name];
  for (const name of ['NODE_CHANNEL_FD', 'NODE_CHANNEL_SERIALIZATION_MODE']) delete merged[name];
  return merged;
}

/** The arguments of Node for a process that is to be started. */
export function nodeArgs({execArgv, debug}: Pick<SpawnRequest, 'execArgv' | 'debug'>): string[] {
  const args = inheritedArgs(execArgv ?? process.execArgv);
  if (debug) return [...args, ...visibleValues.filter(flag => !args.includes(flag))];
  // This actor may be in debug mode itself, and its child not: then the flags were given to this actor alone.
  return isSpawned() && !execArgv ? args.filter(arg => !visibleValues.includes(arg)) : args;
}

/** Flags that would make a child run its parent's code again, open the parent's inspector port, or wait for a person. */
const droppedFlags =
  /^(--inspect.*|--debug-port.*|--eval|-e|-p|-pe|--print|--input-type.*|--interactive|-i|--check|-c|--test.*|--experimental-test.*|--watch.*)(=|$)/;
const flagsWithValue = new Set([
  '-e',
  '--eval',
  '-p',
  '-pe',
  '--print',
  '--input-type',
  '--inspect-port',
  '--debug-port',
  '--watch-path',
  '--test-name-pattern',
  '--test-reporter',
  '--test-reporter-destination',
  '--test-skip-pattern',
]);

function inheritedArgs(execArgv: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i < execArgv.length; i++) {
    const arg = execArgv[i] as string;
    if (!droppedFlags.test(arg)) kept.push(arg);
    else if (flagsWithValue.has(arg)) i++;
  }
  return kept;
}
