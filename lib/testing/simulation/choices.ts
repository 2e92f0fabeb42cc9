/**
 * The choices of a simulation: whatever could go one way or another is decided here, in a list. A run is its list of choices, so that the
 * same list gives the same run.
 * Floor 9, room `simulation`: pure, below everything in it. 0 is always the ordinary choice: first in, first out, no fault.
 */

/** The choices that are not the ordinary one, by their position in the list. */
export type Schedule = ReadonlyMap<number, number>;

/** Decides a choice among `options` ways, with the position of the choice in the list. */
type Decide = (options: number, position: number) => number;

export class Choices {
  readonly #decide: Decide;
  readonly #rolls: (perThousand: number, position: number) => boolean;
  readonly #isFifo: boolean;
  readonly #schedule = new Map<number, number>();
  readonly #notes = new Map<number, string>();
  #length = 0;

  private constructor(decide: Decide, rolls: (perThousand: number, position: number) => boolean, isFifo: boolean) {
    this.#decide = decide;
    this.#rolls = rolls;
    this.#isFifo = isFifo;
  }

  /** Chooses at random, the same for the same seed. @param isFifo whether the order of events is left as it is */
  static ofSeed(seed: number, isFifo: boolean): Choices {
    const random = generator(seed);
    return new Choices(
      options => Math.floor(random() * options),
      perThousand => random() * 1_000 < perThousand,
      isFifo,
    );
  }

  /** Repeats a run, as far as the program behaves as it did. */
  static ofSchedule(schedule: Schedule): Choices {
    const taken = (position: number): number => schedule.get(position) ?? 0;
    return new Choices(
      (options, position) => Math.min(taken(position), options - 1),
      (_perThousand, position) => taken(position) > 0,
      false,
    );
  }

  /** How many choices there were. */
  get length(): number {
    return this.#length;
  }

  /** The choices so far that are not the ordinary one. */
  get schedule(): Schedule {
    return this.#schedule;
  }

  /** The same choices in words. */
  get notes(): ReadonlyMap<number, string> {
    return this.#notes;
  }

  /** Which of several events comes first: 0 is the one that is due for the longest time. */
  order(options: number, note: (chosen: number) => string): number {
    return options < 2 || this.#isFifo ? 0 : this.#take(this.#decide(options, this.#length), note);
  }

  /** One of several ways to do something that was chosen. */
  pick(options: number, note: (chosen: number) => string): number {
    return options < 2 ? 0 : this.#take(this.#decide(options, this.#length), note);
  }

  /** Whether something happens that has this chance. */
  happens(perThousand: number, note: () => string): boolean {
    if (perThousand <= 0) return false;
    return this.#take(this.#rolls(perThousand, this.#length) ? 1 : 0, note) === 1;
  }

  #take(chosen: number, note: (chosen: number) => string): number {
    const position = this.#length++;
    if (chosen === 0) return 0;
    this.#schedule.set(position, chosen);
    this.#notes.set(position, note(chosen));
    return chosen;
  }
}

/** A schedule as a text that can be pasted: `12:1 40:2`. */
export function formatSchedule(schedule: Schedule): string {
  return [...schedule].map(([position, chosen]) => `${position}:${chosen}`).join(' ');
}

/** @throws TypeError for a text that is not a schedule */
export function parseSchedule(text: string): Schedule {
  const entries = text.split(' ').filter(entry => entry !== '');
  return new Map(
    entries.map(entry => {
      const [, position, chosen] = /^(\d{1,15}):(\d{1,15})$/.exec(entry) ?? [];
      if (position === undefined)
        throw new TypeError(`schedule is a text like '12:1 40:2', and ${JSON.stringify(entry)} is not a part of one`);
      return [Number(position), Number(chosen)];
    }),
  );
}

/** Numbers from 0 on, below 1, the same for the same seed (mulberry32). */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
