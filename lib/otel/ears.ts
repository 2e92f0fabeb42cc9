/**
 * Listens on channels, and stops on all of them at once.
 * Floor 7: below `trace` and `metrics`.
 */
import type {Channel} from 'node:diagnostics_channel';

export class Ears {
  readonly #stops: (() => void)[] = [];

  on<E>(to: Channel, hear: (event: E) => unknown): void {
    const heard = (event: unknown): void => void hear(event as E);
    to.subscribe(heard);
    this.#stops.push(() => to.unsubscribe(heard));
  }

  close(): void {
    for (const stop of this.#stops.splice(0)) stop();
  }
}
