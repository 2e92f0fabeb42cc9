/**
 * An actor of a simulation, as far as the simulation itself knows it: whether it lives, and whether it gets any time.
 * Floor 9, room `simulation`: below `agenda`, which holds what the actor is still to do.
 */
import type {Exit} from '../../base/errors.js';

/** The power of a simulation over an actor that runs in it. */
export interface Control {
  /** An error that nothing in the actor has caught. */
  fail(error: unknown): void;
  /** The actor ends at once, as by a signal or by `process.exit`: what it had still to do is never done. */
  end(exit: Exit): void;
}

export class SimulatedActor {
  readonly name: string;
  /** Empty for the root until its runtime is open. */
  id = '';
  readonly pid: number;
  readonly parent: SimulatedActor | undefined;
  /** Absent for the root. */
  control: Control | undefined;
  /** The runtime of the actor, as the code that ran last in it has seen it. */
  runtime: object | undefined;
  /** Its `process.argv`. Undefined: that of this process. */
  argv: string[] | undefined;
  isDead = false;
  /** Whether SIGSTOP holds it. */
  isStopped = false;
  /** Until this moment, in virtual ms, a busy loop runs in it. */
  busyUntil = 0;

  constructor(name: string, pid: number, parent?: SimulatedActor) {
    this.name = name;
    this.pid = pid;
    this.parent = parent;
  }

  /** The first moment, from `due` on, at which it can run something. Infinity: not as things are. */
  freeAt(due: number): number {
    return this.isStopped ? Number.POSITIVE_INFINITY : Math.max(due, this.busyUntil);
  }
}
