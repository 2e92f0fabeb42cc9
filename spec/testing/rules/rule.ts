/**
 * A rule that a simulation shows, and how it is tried: under many seeds, over connections whose frames take up to 3 ms, so that messages
 * cross in every order. Below the tables of rules; rules.spec.ts tries all of them, and the mutants of the library are found by them.
 */
import {ContextCancelled, type Nursery, openNursery, type Portal, RemoteActorError} from '../../../lib/index.js';
import {explore, type World} from '../../../lib/testing/index.js';
import {anyFunctions, callsOf} from '../../kit/pair.js';

/** Where a rule is played. The actors of a simulation are parts of this process, so functions may use variables of their test. */
export interface Stage {
  readonly world: World;
  readonly nursery: Nursery;
  /** The portal of an actor named `worker`, and the same with functions of the test's own. */
  readonly portal: Portal;
  readonly calls: Calls;
}

export type Calls = ReturnType<typeof callsOf>;

export interface Rule {
  /** Begins with the names of the rules. */
  readonly title: string;
  /** Everything that it may show. Each of it must show under one seed or another, and nothing else may. */
  readonly outcomes: readonly string[];
  /** Plays it once, and tells what has shown. */
  readonly shows: (stage: Stage) => Promise<string>;
  /** How many seeds are tried. Default 20. */
  readonly seeds?: number;
}

/** Rejects with SimulationFailed at the first seed that shows something else, and with Error when an outcome has not shown at all. */
export async function tryOut({title, outcomes, shows, seeds = 20}: Rule, shrink = true): Promise<void> {
  const seen = new Set<string>();
  await explore(
    async world => {
      world.network.latency([0, 3]);
      const outcome = await openNursery(async nursery => {
        const portal = await startActor(nursery, 'worker');
        return shows({world, nursery, portal, calls: callsOf(portal)});
      });
      if (!outcomes.includes(outcome))
        throw new Error(`${title}: it shows ${outcome}, and not ${outcomes.join(' or ')}`);
      seen.add(outcome);
    },
    {seeds, shrink},
  );
  const missing = outcomes.filter(outcome => !seen.has(outcome));
  if (missing.length > 0) throw new Error(`${title}: in ${seeds} seeds it never shows ${missing.join(' and ')}`);
}

export function startActor(nursery: Nursery, name: string): Promise<Portal> {
  return nursery.startActor(name, {expose: anyFunctions});
}

/** How something has ended, in a few words: its value, or the error. */
export function told(outcome: PromiseLike<unknown>): Promise<string> {
  return Promise.resolve(outcome).then(String, errorText);
}

/** The same of a call that may throw. */
export function toldOf(call: () => unknown): string {
  try {
    return String(call());
  } catch (error) {
    return errorText(error);
  }
}

export function errorText(error: unknown): string {
  if (error instanceof ContextCancelled) return `cancelled, ${error.reason}`;
  if (error instanceof RemoteActorError) return error.type;
  return (error as {code?: string}).code ?? String(error);
}

/** Resolves when a signal has aborted, for functions that go on then. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => signal.addEventListener('abort', () => resolve()));
}

/** A time that the function of a task takes, whether it is cancelled or not. */
export function stubbornly(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms));
}

export const longMs = 1_000_000;
