/**
 * Sends any source into an outlet: an iterable is pulled when there is room, an Observable is pushed within the bound.
 * Floor 4, room `rx`: above `outlet`, and above `source`, which recognises sources by their shape.
 */
import {isThenable} from '../../base/foreign.js';
import type {Outlet} from '../flow/outlet.js';
import type {Link} from '../protocol/link.js';
import {inPlace} from './in-place.js';
import {rxjs} from './rxjs.js';
import {iteratorOf, observableOf, type Source} from './source.js';

/**
 * Sends every value of a source. Resolves when the source has completed and all its values were handed to the channel.
 * Rejects with the error of the source, or with the error that closed the stream. The source is always released: an iterator
 * gets its `return()`, an Observable is unsubscribed at once, also in the middle of a synchronous burst.
 */
export function pump(link: Link, outlet: Outlet, source: Source<unknown>): Promise<void> {
  const iterator = iteratorOf(source);
  if (iterator) return pull(link, outlet, iterator);
  return push(link, outlet, source);
}

/** While there is room, a synchronous iterator is asked for the next value without an `await` between two values. */
async function pull(link: Link, outlet: Outlet, iterator: Iterator<unknown> | AsyncIterator<unknown>): Promise<void> {
  let exhausted = false;
  try {
    for (;;) {
      if (!outlet.hasRoom) await outlet.room();
      if (outlet.closed) throw outlet.closed.error;
      // An iterator that throws has ended by itself, so that it gets no `return()`.
      exhausted = true;
      const step = iterator.next();
      const {done, value} = isThenable(step) ? await step : step;
      if (done) return;
      exhausted = false;
      link.halves.pulled(outlet, value);
    }
  } finally {
    if (!exhausted) await iterator.return?.();
  }
}

function push(link: Link, outlet: Outlet, source: Source<unknown>): Promise<void> {
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
          if (!link.halves.push(outlet, value) || outlet.closed) giveUp();
        },
        error: reject,
        complete: () => outlet.flushed().then(resolve),
      });
    // A cancel comes from the wire. Nevertheless the finalizers of the source run in the scope of the function (rule C12).
    outlet.onClosed(inPlace(giveUp));
  });
}
