/**
 * Any source into an outlet: iterables are pulled when there is room, Observables pushed within the buffer's bound.
 * Floor 4: above `outlet` and `source`, which tells sources by their shape.
 */
import {AsyncResource} from 'node:async_hooks';
import {isThenable} from '../../base/answer.js';
import type {Outlet} from '../flow/outlet.js';
import type {End} from '../protocol/end.js';
import {rxjs} from './rxjs.js';
import {iteratorOf, observableOf, type Source} from './source.js';

/**
 * Sends every value of a source. Resolves when the source has completed and all has been handed over; rejects with
 * the source's own error, or with what closed the stream. The source is always let go: an iterator gets its
 * `return()`, an Observable is unsubscribed at once, also in the middle of a synchronous burst.
 */
export function pump(end: End, outlet: Outlet, source: Source<unknown>): Promise<void> {
  const iterator = iteratorOf(source);
  if (iterator) return pull(end, outlet, iterator);
  return push(end, outlet, source);
}

/** A synchronous iterator is asked again and again while there is room, without an `await` between two values. */
async function pull(end: End, outlet: Outlet, iterator: Iterator<unknown> | AsyncIterator<unknown>): Promise<void> {
  let exhausted = false;
  try {
    for (;;) {
      if (!outlet.hasRoom) await outlet.room();
      if (outlet.closed) throw outlet.closed.error;
      // A failing source has ended by itself: it gets no `return()`.
      exhausted = true;
      const step = iterator.next();
      const {done, value} = isThenable(step) ? await step : step;
      if (done) return;
      exhausted = false;
      end.pulled(outlet, value);
    }
  } finally {
    if (!exhausted) await iterator.return?.();
  }
}

function push(end: End, outlet: Outlet, source: Source<unknown>): Promise<void> {
  return new Promise((resolve, reject) => {
    const {Subject, takeUntil} = rxjs();
    const stop = new Subject<void>();
    const giveUp = (): void => {
      stop.next();
      reject(outlet.closed?.error);
    };
    observableOf(source)
      .pipe(takeUntil(stop))
      .subscribe({
        next: value => {
          if (!end.push(outlet, value) || outlet.closed) giveUp();
        },
        error: reject,
        complete: () => outlet.flushed().then(resolve),
      });
    // A cancel comes from the wire: the finalizers of the source have the scope of the function all the same (C12).
    outlet.onClosed(AsyncResource.bind(giveUp));
  });
}
