/**
 * The waits for an actor that no context tells of: for its start, for its turn to be started, for its end.
 * Floor 6: below `child-actor`; pure.
 */
import type {WaitRow} from '../base/tree-survey.js';

export interface AwaitedChild {
  readonly id: string;
  readonly phase: 'queued' | 'exec' | 'connect' | 'serving';
  /** The task in whose nursery it is. */
  readonly by: string;
  /** Whether somebody waits for its end. */
  readonly isAwaited: boolean;
  /** The actors that are being started. */
  readonly starting: readonly string[];
}

export function waitsFor({id, phase, by, isAwaited, starting}: AwaitedChild): WaitRow[] {
  if (phase === 'serving') return isAwaited ? [{for: 'child', by, of: id}] : [];
  const ahead = phase === 'queued' ? starting.filter(other => other !== id) : [];
  return [{for: 'spawn', by, of: id}, ...ahead.map((of): WaitRow => ({for: 'spawn', by: id, of}))];
}
