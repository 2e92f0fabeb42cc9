// An actor beside those to which faults happen, whose stream and calls no fault of another may touch (I11). Used by matrix.ts, chaos.ts.
import type {Nursery, Portal} from '../../lib/index.js';
import {echo, numbers} from './victim.js';

export class Witness {
  readonly #portal: Portal;
  readonly #values: AsyncIterator<number>;
  #seen = 0;

  private constructor(portal: Portal) {
    this.#portal = portal;
    this.#values = portal.stream(numbers)[Symbol.asyncIterator]();
  }

  static async start(nursery: Nursery): Promise<Witness> {
    return new Witness(await nursery.startActor('witness', {expose: [echo, numbers]}));
  }

  /** Its faults, in words. */
  async testify(): Promise<string[]> {
    const answer = await this.#portal.run(echo, this.#seen);
    const {value} = await this.#values.next();
    const isRight = answer === this.#seen && value === this.#seen;
    this.#seen++;
    return isRight ? [] : [`the witness answered ${answer} and sent ${value}`];
  }

  async end(): Promise<void> {
    await this.#values.return?.();
  }
}
