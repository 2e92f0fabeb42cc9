/**
 * The same where the actor's module imports RxJS too: what that costs a spawn, and a stream whose source is an Observable.
 * Imported by `ours` and by the actors that it starts.
 */
import {filter, from, map, type Observable} from 'rxjs';
import {stream, task} from '../../lib/index.js';
import {type Item, items} from './values.js';

export const echo = task((value: number) => value);

/** Pushed in one burst: what has no room waits in the stream's buffer. */
export const pushed = stream((count: number): Observable<Item> => from(items(count)));

/** The same through operators. */
export const operators = stream(
  (count: number): Observable<Item> =>
    from(items(count)).pipe(
      map(({id, name}) => ({id: id + 1, name})),
      filter(({id}) => id > 0),
    ),
);
