// A fault as one caller saw it: each thing that it waited for, how that ended and when, and each value that it received.
// Filled by phases.ts, judged by matrix.ts.
import type {Observable} from 'rxjs';

/** How something ended that was waited for. */
export type Ending = {readonly error: unknown} | {readonly value: unknown};

interface Wait {
  readonly name: string;
  readonly settled: Promise<void>;
  ending: Ending | undefined;
  endedAt: number;
}

/** Why an ending is wrong; undefined when it is right. */
export type Judge = (ending: Ending) => string | undefined;

export class Story {
  readonly #waits: (Wait & {readonly judge: Judge})[] = [];
  /** Why an error that the fault caused is wrong. */
  readonly standard: Judge;
  /** Faults that were noticed when they happened. */
  readonly faults: string[] = [];
  received = 0;

  constructor(standard: Judge) {
    this.standard = standard;
  }

  /** Waits for a promise. */
  call(name: string, promise: PromiseLike<unknown>, judge = this.standard): void {
    const wait = {name, judge, ending: undefined as Ending | undefined, endedAt: 0, settled: Promise.resolve()};
    const end = (ending: Ending): void => {
      wait.ending = ending;
      wait.endedAt = performance.now();
    };
    wait.settled = Promise.resolve(promise).then(
      value => end({value}),
      (error: unknown) => end({error}),
    );
    this.#waits.push(wait);
  }

  /** Subscribes to numbers, each of which must be one more than the last, and waits for their one end (I1, I2, I3). */
  stream(name: string, source: Observable<number>): void {
    let hasEnded = false;
    const note = (text: string): void => void this.faults.push(`${name}: ${text}`);
    this.call(
      name,
      new Promise((resolve, reject) => {
        const end = (settle: () => void): void => {
          if (hasEnded) note('it ended twice');
          hasEnded = true;
          settle();
        };
        source.subscribe({
          next: value => {
            if (hasEnded) note(`${value} came after the end`);
            if (value !== this.received) note(`${value} came where ${this.received} was due`);
            this.received = value + 1;
          },
          error: error => end(() => reject(error)),
          complete: () => end(() => resolve(undefined)),
        });
      }),
    );
  }

  /** Resolves when all that was waited for has ended, or when the time is over. */
  async end(ms: number): Promise<void> {
    const over = new Promise(resolve => setTimeout(resolve, ms).unref());
    await Promise.race([over, Promise.all(this.#waits.map(({settled}) => settled))]);
  }

  /** When the last wait ended. */
  get endedAt(): number {
    return Math.max(...this.#waits.map(({endedAt}) => endedAt));
  }

  /** The faults of all endings, in words. */
  judge(): string[] {
    const wrong = this.#waits.flatMap(({name, ending, judge}) => {
      const fault = ending ? judge(ending) : 'it never ended';
      return fault === undefined ? [] : [`${name}: ${fault}`];
    });
    return [...this.faults, ...wrong];
  }
}

/** For something that may also have been done before the fault came. */
export const orDone =
  (judge: Judge): Judge =>
  ending =>
    'value' in ending ? undefined : judge(ending);
