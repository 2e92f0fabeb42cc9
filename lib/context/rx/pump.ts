/**
 * Sends any source into an outlet: an iterable is pulled when there is room, an Observable is pushed within the bound.
 * Floor 4, room `rx`: above `outlet`, and above `source`, which recognises sources by their shape.
 */
import {deferred} from '../../base/deferred.js';
import {isThenable} from '../../base/foreign.js';
import {suppress} from '../../base/suppressed.js';
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
export async function pump(link: Link, outlet: Outlet, source: Source<unknown>): Promise<void> {
  const iterator = iteratorOf(source);
  if (iterator) return pull(link, outlet, iterator);
  return push(link, outlet, source);
}

/**
 * While there is room, a synchronous iterator is asked for the next value without an `await` between two values. When the outlet
 * closes, the iterator gets its `return()` in that same call, also while its `next()` is pending: an idle source would not be
 * released otherwise.
 */
async function pull(link: Link, outlet: Outlet, iterator: Iterator<unknown> | AsyncIterator<unknown>): Promise<void> {
  let isRunning = false;
  // An iterator that throws has ended by itself, so that it gets no `return()`.
  let hasEnded = false;
  /** The clean-up of the iterator, with its failure. */
  let returned: Promise<{readonly error: unknown} | undefined> | undefined;
  const release = (): void => {
    // An iterator that runs at this moment cannot be told to return.
    if (isRunning || returned) return;
    returned = returnOf(iterator).then(
      () => undefined,
      (error: unknown) => ({error}),
    );
  };
  const stopListening = outlet.onClosed(inPlace(release));
  try {
    for (;;) {
      if (!outlet.hasRoom) await outlet.room();
      checkOpen(outlet);
      isRunning = true;
      hasEnded = true;
      const step = iterator.next();
      isRunning = false;
      if (outlet.closed && isThenable(step)) release();
      const {done, value} = isThenable(step) ? await step : step;
      if (done) break;
      hasEnded = false;
      link.halves.pulled(outlet, value);
    }
    await outlet.flushed();
    checkOpen(outlet);
  } catch (why) {
    isRunning = false;
    if (!hasEnded) release();
    // An error of the clean-up does not replace the reason (rule E6).
    const failed = await returned;
    if (failed) suppress(why, failed.error);
    throw why;
  } finally {
    stopListening();
  }
}

/** @throws the reason why nothing more can be sent */
function checkOpen({closed}: Outlet): void {
  if (closed) throw closed.error;
}

async function returnOf(iterator: Iterator<unknown> | AsyncIterator<unknown>): Promise<unknown> {
  return iterator.return?.();
}

async function push(link: Link, outlet: Outlet, source: Source<unknown>): Promise<void> {
  const {Subject, takeUntil} = rxjs();
  const stop = new Subject<void>();
  const end = deferred();
  const giveUp = (): void => {
    const why = outlet.closed?.error;
    end.reject(why);
    try {
      stop.next();
    } catch (error) {
      suppress(why, error);
    }
  };
  observableOf(source)
    .pipe(takeUntil(stop))
    .subscribe({
      next: value => {
        if (!link.halves.push(outlet, value) || outlet.closed) giveUp();
      },
      error: end.reject,
      complete: () => outlet.flushed().then(end.resolve),
    });
  // A cancel comes from the wire. Nevertheless the finalizers of the source run in the scope of the function (rule C12).
  const stopListening = outlet.onClosed(inPlace(giveUp));
  try {
    await end.promise;
  } finally {
    stopListening();
  }
}
