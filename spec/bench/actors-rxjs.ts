/**
 * The same where the actor's module imports RxJS too: what that costs a spawn, and a stream whose source is an Observable.
 * Imported by `ours` and by the actors that it starts.
 */
import {map, type Observable, range} from 'rxjs';
import {stream, task} from '../../lib/index.js';
import type {Item} from './actors.js';

export const echo = task((value: unknown) => value);

/** Pushed in one burst: what has no room waits in the stream's buffer. */
export const pushed = stream(
  (count: number): Observable<Item> => range(0, count).pipe(map(id => ({id, name: 'item'}))),
);
