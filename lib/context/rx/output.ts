/**
 * The output of an actor as an Observable: hot, and complete at the end of the actor.
 * Floor 4, room `rx`: the portal gives it out.
 */
import type {Observable} from 'rxjs';
import type {OutputLine, OutputLines} from '../../base/output-lines.js';
import {observerInPlace} from './in-place.js';
import {rxjs} from './rxjs.js';

/** @param missing makes the error for an actor whose output is not read */
export function outputOf(output: OutputLines | undefined, missing: () => Error): Observable<OutputLine> {
  const {Observable: RxObservable, throwError} = rxjs();
  if (!output) return throwError(missing);
  return new RxObservable<OutputLine>(subscriber => output.listen(observerInPlace(subscriber)));
}
