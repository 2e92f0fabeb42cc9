/**
 * Marble diagrams in the virtual time of a simulation, in RxJS' own syntax. Promises and other actors take part, as the time of a simulation
 * stands still until they are done.
 * Floor 9, room of the testing kit: below `world`. RxJS parses the diagrams.
 */
import {AssertionError} from 'node:assert';
import {isDeepStrictEqual} from 'node:util';
import {from, Observable, type ObservableInput, Subject, Subscription} from 'rxjs';
import {TestScheduler} from 'rxjs/testing';
import {boundHere, placeHere} from './simulation/place.js';
import type {Simulation} from './simulation/simulation.js';

/** The values for which the letters of a diagram stand. */
export interface MarbleValues<T> {
  readonly values: Readonly<Record<string, T>> | undefined;
  readonly error: unknown;
}

/**
 * A source that is compared with a marble diagram.
 *
 * @example
 * ```ts
 * await world.expectStream(portal.stream(ticks, 2).pipe(take(3))).toBe('--a-b-(c|)', {a: 0, b: 1, c: 2});
 * ```
 */
export interface ExpectedStream<T> {
  /**
   * Resolves when the source has given exactly this. Rejects with an AssertionError (of `node:assert`) that shows both.
   *
   * @param marbles what it should give, each at its frame, from the subscription on
   * @param values the value of each letter. Default: the letters themselves
   * @param error the error of `#`. Default `'error'`
   */
  toBe(marbles: string, values?: Readonly<Record<string, T>>, error?: unknown): Promise<void>;
}

/** The parser of RxJS, with frames of 1 ms. */
class Parser extends TestScheduler {
  static override frameTimeFactor = 1;
}

/** The things that a source gives at a frame. */
interface Given {
  readonly frame: number;
  readonly notification: {readonly kind: 'N' | 'E' | 'C'; readonly value?: unknown; readonly error?: unknown};
}

/** After this part of a frame everything of it has happened, in ms. */
const settledMs = 0.5;

function parse<T>(marbles: string, {values, error}: MarbleValues<T>): Given[] {
  const messages = Parser.parseMarbles(marbles, values, error, false, true);
  return messages.map(({frame, notification}) => ({frame, notification: notification as Given['notification']}));
}

/** The frame at which a diagram is over: that of its end, or else of its last character. */
function lastFrame(marbles: string, given: readonly Given[]): number {
  const last = given.at(-1);
  if (last && last.notification.kind !== 'N') return last.frame;
  return (Parser.parseMarbles(`${marbles}|`, undefined, undefined, false, true).at(-1)?.frame ?? 1) - 1;
}

/** Calls `act` for each frame, in a lane of its own. Returns how to stop. */
function play(simulation: Simulation, given: readonly Given[], act: (given: Given) => void): () => void {
  const {agenda} = simulation;
  const lane = agenda.openLane(placeHere()?.actor ?? simulation.root);
  for (const [frame, together] of byFrame(given))
    agenda.add(lane, frame, {
      what: `marbles at ${frame}`,
      keepsAlive: false,
      act: boundHere(() => {
        for (const each of together) act(each);
      }),
    });
  return () => agenda.closeLane(lane);
}

function byFrame(given: readonly Given[]): Map<number, Given[]> {
  const frames = new Map<number, Given[]>();
  for (const each of given) {
    const together = frames.get(each.frame);
    if (together) together.push(each);
    else frames.set(each.frame, [each]);
  }
  return frames;
}

function tell<T>(observer: {next(value: T): void; error(error: unknown): void; complete(): void}, given: Given): void {
  const {kind, value, error} = given.notification;
  if (kind === 'N') observer.next(value as T);
  else if (kind === 'E') observer.error(error);
  else observer.complete();
}

export function coldMarbles<T>(simulation: Simulation, marbles: string, values: MarbleValues<T>): Observable<T> {
  const given = parse(marbles, values);
  return new Observable(subscriber => play(simulation, given, each => tell(subscriber, each)));
}

export function hotMarbles<T>(simulation: Simulation, marbles: string, values: MarbleValues<T>): Observable<T> {
  const subject = new Subject<T>();
  const given = parse(marbles, values).filter(({frame}) => frame >= 0);
  play(simulation, given, each => tell(subject, each));
  return subject.asObservable();
}

export function expectMarbles<T>(
  simulation: Simulation,
  source: ObservableInput<T>,
  unsubscribe: string | undefined,
): ExpectedStream<T> {
  const {agenda} = simulation;
  const window = Parser.parseMarblesAsSubscriptions(unsubscribe ?? '^', true);
  const begin = unsubscribe?.includes('^') ? window.subscribedFrame : 0;
  const began = agenda.now;
  const given: Given[] = [];
  const note = (notification: Given['notification']): void =>
    void given.push({frame: agenda.now - began, notification});
  const subscription = new Subscription();
  let isOver = false;
  const over = new Promise<void>(resolve => subscription.add(resolve)).then(() => {
    isOver = true;
  });
  const subscribe = (): void => {
    const inner = from(source).subscribe({
      next: value => note({kind: 'N', value}),
      error: error => note({kind: 'E', error}),
      complete: () => note({kind: 'C'}),
    });
    inner.add(() => subscription.unsubscribe());
    subscription.add(inner);
  };
  const later = (ms: number, act: () => void): void => {
    const lane = agenda.openLane(placeHere()?.actor ?? simulation.root);
    agenda.add(lane, ms, {what: 'expectStream', keepsAlive: false, act: boundHere(act)});
  };
  if (begin > 0) later(begin, subscribe);
  else subscribe();
  // Before anything of that frame, as the TestScheduler does.
  if (Number.isFinite(window.unsubscribedFrame))
    later(Math.max(0, window.unsubscribedFrame - settledMs), () => subscription.unsubscribe());

  return {
    async toBe(marbles, values, error) {
      const expected = parse(marbles, {values, error: error === undefined ? 'error' : error});
      const end = Math.max(0, began + lastFrame(marbles, expected) + settledMs - agenda.now);
      // A source that goes on beyond the diagram is compared when the diagram is over.
      await Promise.race([over, new Promise<void>(resolve => later(end, resolve))]);
      if (!isOver) subscription.unsubscribe();
      if (!isDeepStrictEqual(given.map(plain), expected.map(plain))) throw differentError(marbles, given, expected);
    },
  };
}

function plain({frame, notification: {kind, value, error}}: Given): unknown[] {
  return [frame, kind, kind === 'N' ? value : kind === 'E' ? error : undefined];
}

function differentError(marbles: string, given: readonly Given[], expected: readonly Given[]): AssertionError {
  const error = new AssertionError({
    message: `the source gave something else than '${marbles}'`,
    actual: given.map(lineOf),
    expected: expected.map(lineOf),
    operator: 'deepStrictEqual',
  });
  error.message += `\nit should give: ${expected.map(lineOf).join(', ')}\nit gave: ${given.map(lineOf).join(', ')}`;
  return error;
}

function lineOf(given: Given): string {
  const [frame, kind, value] = plain(given);
  const word = kind === 'N' ? 'next' : kind === 'E' ? 'error' : 'complete';
  return `${frame} ms ${word}${kind === 'C' ? '' : ` ${shown(value)}`}`;
}

function shown(value: unknown): string {
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  return typeof value === 'string' ? JSON.stringify(value) : String(JSON.stringify(value) ?? value);
}
