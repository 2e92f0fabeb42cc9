/**
 * How the end of an actor is told: the error of a death, and the error of a start that failed.
 * Floor 6: below `child-actor`, which sees the end.
 */
import type {ExposedModule} from '../actor/exposed.js';
import {type ActorId, formatActor} from '../base/actor-id.js';
import {ActorDied, ContextCancelled, type Exit, SpawnFailed, type SpawnPhase} from '../base/errors.js';
import {causeOf, isError, readProperty, thrownText} from '../base/foreign.js';
import type {UnknownEnd} from './backends/spawner.js';

/** The end of an actor, as its parent knows it. */
export interface Ending {
  readonly name: string;
  readonly exit: Exit;
  /** The end of what it wrote to stderr. */
  readonly stderr: string;
  /** The error that it reported itself, or by which it made its channel unusable. */
  readonly failure: {readonly error: unknown} | undefined;
  /** Why nobody has seen its end. Undefined where somebody has. */
  readonly unknown?: UnknownEnd | undefined;
  /** The limit of its heap in MiB, when it had one of its own. */
  readonly maxHeap?: number | undefined;
}

/** @param actor undefined when it has never said who it is */
export function actorDiedError(ending: Ending, actor: ActorId | undefined): ActorDied {
  const {exit, stderr, failure} = ending;
  const who = actor ? formatActor(actor) : ending.name;
  const message = `${who} died (${endText(ending)})${heapText(ending)}${failure ? `: ${thrownText(failure.error)}` : ''}`;
  const {cause, isLost = false} = ending.unknown ?? {};
  return new ActorDied(message, {exit, stderr, actor, cause: failure ? failure.error : cause, lost: isLost});
}

/** @param lateMs set when the actor was killed because it was not ready within this time */
export function spawnFailedError(
  ending: Ending,
  phase: SpawnPhase,
  modules: readonly ExposedModule[],
  lateMs: number | undefined,
): SpawnFailed {
  const {name, exit, stderr, failure} = ending;
  const where = phase === 'import' ? `import of ${namesOf(modules)}` : phase;
  const why = failure
    ? `${thrownText(failure.error)}${loaderHintOf(failure.error)}`
    : lateMs === undefined
      ? `it ended (${endText(ending)})${heapText(ending)}${hintOf(phase, exit)}`
      : `it was not ready within ${lateMs} ms (timeouts.spawn)`;
  const tail = stderr === '' ? '' : `\n--- the end of its stderr ---\n${stderr}`;
  return new SpawnFailed(`actor ${name} could not be started (phase ${where}): ${why}${tail}`, {
    phase,
    cause: innermost(failure?.error),
    exit,
    stderr,
  });
}

/** The cause is what was thrown in the actor, not the RemoteActorError around it. A cancel has come as it is. */
function innermost(error: unknown): unknown {
  if (!isError(error)) return undefined;
  return error instanceof ContextCancelled ? error : (causeOf(error) ?? error);
}

export function endText({exit, unknown}: Pick<Ending, 'exit' | 'unknown'>): string {
  return unknown?.text ?? exitText(exit);
}

function exitText({code, signal}: Exit): string {
  if (signal) return `killed by ${signal}`;
  return code === null ? 'it may live on: the system has refused to kill it' : `exit code ${code}`;
}

/** V8 ends a process whose heap is full by one of these signals, a thread with code 1, and says so on stderr. */
const heapSignals = new Set<Exit['signal']>(['SIGABRT', 'SIGTRAP', 'SIGILL']);
const heapCodes = new Set<Exit['code']>([1, 128 + 4, 128 + 5, 128 + 6]);

function heapText({exit, stderr, maxHeap}: Ending): string {
  const isFull = (heapSignals.has(exit.signal) || heapCodes.has(exit.code)) && stderr.includes('heap out of memory');
  if (!isFull) return '';
  return maxHeap === undefined
    ? ' (its heap was out of memory)'
    : ` (its heap was out of memory: maxHeap is ${maxHeap} MiB)`;
}

/** The modules, because the error of an import need not say in which of them it was thrown. */
function namesOf(modules: readonly ExposedModule[]): string {
  const names = modules.map(({module}) => module);
  return names.length > 3 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ');
}

/** The error of Node for a URL such as `virtual:a`, which a loader or a bundler of the parent has made up. */
function loaderHintOf(error: unknown): string {
  const codes = [error, causeOf(error)].map(each => readProperty(each, 'code'));
  return codes.includes('ERR_UNSUPPORTED_ESM_URL_SCHEME')
    ? " (a tool has loaded the module in the parent: give the actor its loader by execArgv, or say in which file a function is, task(fn, {module: import.meta.url, name: '…'}))"
    : '';
}

function hintOf(phase: SpawnPhase, {code}: Exit): string {
  if (phase !== 'import' || (code !== 0 && code !== 13)) return '';
  return ' while it imported what it exposes: a top-level await that never settles, or a process.exit()';
}
