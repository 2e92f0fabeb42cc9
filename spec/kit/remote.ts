/**
 * Remote functions that a spec looks into: how often they were called, what was asked of them, and whether they ended.
 * Beside pair.ts, over which they are called. Below the specs of operators and of the rules of Reactive Streams.
 */
import {finalize, type Observable} from 'rxjs';
import {currentSignal} from '../../lib/base/current.js';

export class Remote<T = number> {
  /** How often it was called. */
  opened = 0;
  /** Calls whose finalizers have run. */
  ended = 0;
  /** Calls that were told to end. */
  aborted = 0;
  /** The most calls that ran at a time. */
  together = 0;
  /** When calls began and ended: `call 1`, `end 1`, … */
  readonly log: string[] = [];
  /** Values that were asked of it. */
  made = 0;
  readonly call: () => unknown;

  private constructor(body: (remote: Remote<T>) => unknown) {
    this.call = () => {
      this.opened++;
      this.log.push(`call ${this.opened}`);
      this.together = Math.max(this.together, this.opened - this.ended);
      currentSignal().addEventListener('abort', () => this.aborted++);
      return body(this);
    };
  }

  /** One that returns an Observable. `make` gets the number of the call, from 1 on. */
  static pushing<T>(make: (call: number) => Observable<T>): Remote<T> {
    return new Remote<T>(remote => {
      const call = remote.opened;
      return make(call).pipe(finalize(() => remote.#end(call)));
    });
  }

  /** One that counts from 0 on, a value when it is asked. */
  static counting(count = Number.POSITIVE_INFINITY): Remote {
    return new Remote(function* (remote) {
      const call = remote.opened;
      try {
        for (let n = 0; n < count; n++) {
          remote.made++;
          yield n;
        }
      } finally {
        remote.#end(call);
      }
    });
  }

  #end(call: number): void {
    this.ended++;
    this.log.push(`end ${call}`);
  }

  /** How many calls run. */
  get running(): number {
    return this.opened - this.ended;
  }
}
