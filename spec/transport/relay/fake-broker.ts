/**
 * A broker within this process, which can be cut: what is on its way then is lost.
 * Below relayed.spec.ts.
 */
import type {Stop} from '../../../lib/base/clock.js';
import type {Broker, BrokerWatcher} from '../../../lib/transport/relay/broker.js';

export class FakeBroker implements Broker {
  isUp = true;
  readonly maxBytes = 1024 * 1024;
  /** How many bytes were published. */
  published = 0;
  readonly #heard = new Map<string, (bytes: Uint8Array, subject: string) => void>();
  readonly #watchers = new Set<BrokerWatcher>();
  #epoch = 0;

  publish(subject: string, bytes: Uint8Array): void {
    const message = Uint8Array.from(bytes);
    const epoch = this.#epoch;
    this.published += message.length;
    setImmediate(() => {
      if (epoch === this.#epoch) this.#hearing(subject)?.(message, subject);
    });
  }

  subscribe(subject: string, heard: (bytes: Uint8Array, subject: string) => void): Stop {
    this.#heard.set(subject, heard);
    return () => void this.#heard.delete(subject);
  }

  watch(watcher: BrokerWatcher): Stop {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  #hearing(subject: string): ((bytes: Uint8Array, subject: string) => void) | undefined {
    return this.#heard.get(subject) ?? [...this.#heard].find(([pattern]) => fits(pattern, subject))?.[1];
  }

  /** How many streams hear or watch. */
  get users(): number {
    return this.#heard.size + this.#watchers.size;
  }

  cut(): void {
    this.#epoch++;
    this.isUp = false;
    for (const watcher of this.#watchers) watcher.cut();
  }

  back(): void {
    this.isUp = true;
    for (const watcher of this.#watchers) watcher.back();
  }

  close(cause: unknown): void {
    this.cut();
    for (const watcher of this.#watchers) watcher.closed(cause);
  }
}

/** `*` stands for a part of a subject, `>` for all that follow. */
function fits(pattern: string, subject: string): boolean {
  const parts = subject.split('.');
  return pattern.split('.').every((part, i) => part === '>' || part === '*' || part === parts[i]);
}
