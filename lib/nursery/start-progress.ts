/**
 * How far the start of an actor has come, and when it came there.
 * Floor 6: below `child-actor`, which moves it on, and `told-child`, which tells of it.
 */
import {wallTime} from '../base/clock.js';
import {type SpawnStep, spawnEvents} from '../base/events.js';

/** The phases between its turn to start and its service, as the child's parent sees them. */
type Phase = 'queued' | 'exec' | 'connect' | 'serving';

export class StartProgress {
  phase: Phase = 'queued';
  /** Empty unless somebody listens. */
  readonly steps: SpawnStep[] = [];

  reach(phase: Exclude<Phase, 'queued'>): void {
    this.phase = phase;
    this.note(phase === 'serving' ? 'ready' : phase);
  }

  note(phase: SpawnStep['phase']): void {
    if (spawnEvents.hasSubscribers) this.steps.push({phase, at: wallTime()});
  }
}
