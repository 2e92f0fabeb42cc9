/**
 * The environment variables that an actor gets from the process that starts it.
 * Floor 6: above `node-args`, below the backends that start a process or a thread.
 */
import type {WriteStream} from 'node:tty';
import {inheritedNodeOptions} from './node-args.js';
import type {SpawnRequest} from './spawner.js';

/** Variables of Node's own channel between a parent and its child, which is not for the actor. */
const ofChannel = ['NODE_CHANNEL_FD', 'NODE_CHANNEL_SERIALIZATION_MODE'];

/** `env` over the variables of this process; `undefined` removes. */
export function environment({env, stdio}: Pick<SpawnRequest, 'env' | 'stdio'>): NodeJS.ProcessEnv {
  const merged: NodeJS.ProcessEnv = {...process.env};
  if (merged.NODE_OPTIONS !== undefined) merged.NODE_OPTIONS = inheritedNodeOptions(merged.NODE_OPTIONS);
  for (const name of ofChannel) delete merged[name];
  Object.assign(merged, env);
  if (isColoured(stdio) && !('FORCE_COLOR' in merged) && merged.NO_COLOR === undefined) merged.FORCE_COLOR = '1';
  for (const [name, value] of Object.entries(merged)) if (value === undefined) delete merged[name];
  return merged;
}

/**
 * Whether an actor must be told to print in colours: this process reads its output, so it does not see the terminal. The
 * variable holds for both of its outputs. Therefore both must come out at a terminal: no file shall have escape sequences.
 */
function isColoured(stdio: SpawnRequest['stdio']): boolean {
  return (stdio === 'inherit' || stdio === 'prefix') && hasColours(process.stdout) && hasColours(process.stderr);
}

/** Asks the terminal itself, which knows of `TERM=dumb` too. */
const hasColours = (stream: Partial<WriteStream>): boolean => stream.isTTY === true && stream.hasColors?.() !== false;
