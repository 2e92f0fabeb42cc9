// The road between the root of a simulated fleet and one host. Above machine.ts, below simulated-fleet.ts.
import type {Agenda, Dice} from './agenda.js';
import type {Process} from './machine.js';

export type Way = 'there' | 'back';

export class Road {
  readonly #agenda: Agenda;
  readonly #dice: Dice;
  readonly #cut = new Set<Way>();
  readonly #kept: (() => void)[] = [];
  /** The time that a message may take longer than usual, at most, in ms. */
  readonly slowMs: Record<Way, number> = {there: 0, back: 0};

  constructor(agenda: Agenda, dice: Dice) {
    this.#agenda = agenda;
    this.#dice = dice;
  }

  /** Messages may overtake each other: an end dials anew when it hears nothing. */
  send(way: Way, to: Process, arrive: () => void): void {
    const deliver = (): void => to.whenRunning(arrive);
    if (!this.#cut.has(way)) this.#later(this.#dice.between(1, 30) + this.#dice.between(0, this.slowMs[way]), deliver);
    // The system sends some of it again when the road has healed.
    else if (this.#dice.has(0.5)) this.#kept.push(deliver);
  }

  cut(ways: readonly Way[]): void {
    for (const way of ways) this.#cut.add(way);
  }

  heal(): void {
    this.#cut.clear();
    for (const deliver of this.#kept.splice(0)) this.#later(this.#dice.between(1, 500), deliver);
  }

  #later(ms: number, act: () => void): void {
    this.#agenda.add(this.#agenda.now + ms, act);
  }
}
