/**
 * The contract of a backend: how an actor is brought to life, and how its end is seen.
 * Floor 6: `process` implements it; `child-actor` uses it and knows no process.
 */
import type {Exit} from '../base/errors.js';
import type {Transport} from '../transport/transport.js';

/**
 * Flags of V8's for debug mode. In code that it has optimised, objects that never leave their function are dissolved into
 * registers, and variables that are not used any more are undefined: at a prompt they are asked for.
 */
export const visibleValues: readonly string[] = ['--no-turbo-escape', '--no-analyze-environment-liveness'];

/** What is to be started. */
export interface SpawnRequest {
  readonly name: string;
  readonly id: string;
  readonly treeId: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string | undefined;
  readonly execArgv: readonly string[] | undefined;
  readonly stdio: 'inherit' | 'prefix' | 'ignore';
  /** The id of the actor that starts it. */
  readonly owner: string;
  /** Undefined unless the tree is in debug mode: then its output is read by its parent; true: it stops at breakpoints. */
  readonly debug: boolean | undefined;
}

/** A live actor's body, whatever it is made of. */
export interface Body {
  readonly pid: number;
  readonly transport: Transport;
  /** Whether the system ends it with its parent; where it does not, the actor must watch for itself. */
  readonly diesWithParent: boolean;
  /** Resolves once, when it has ended and what it wrote has been read. Never rejects. */
  readonly exited: Promise<Exit>;
  /** The last 8 KiB that it wrote to stderr. */
  stderrTail(): string;
  /** Ends it by force. Idempotent, never throws. */
  kill(): void;
}

/** @throws SpawnFailed (phase `exec`) when there is no process to speak of */
export type Spawn = (request: SpawnRequest) => Promise<Body>;
