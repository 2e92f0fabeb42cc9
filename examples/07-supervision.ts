/**
 * The three supervisors of Erlang/OTP: the place of `retry` decides which actors start again when one dies.
 *
 *   root
 *   ├── store
 *   ├── cache    needs the store; dies once under each supervisor
 *   └── web      needs the cache
 *
 * It prints how often each was started:
 *
 *   one for one { store: 1, cache: 2, web: 1 }
 *   one for all { store: 2, cache: 2, web: 2 }
 *   rest for one { store: 1, cache: 2, web: 2 }
 */
import {combineLatest, type Observable, of, retry, switchMap, take, tap} from 'rxjs';
import {main, type Portal, task} from 'rxtractor';

export const die = task(() => process.exit(1));

type Team = readonly [store: Portal, cache: Portal, web: Portal];

await main(async nursery => {
  const starts = {store: 0, cache: 0, web: 0};
  const service = (name: keyof typeof starts) =>
    nursery.actor(name, {expose: [die]}).pipe(tap(() => (starts[name] += 1)));
  const [store, cache, web] = [service('store'), service('cache'), service('web')];

  /** The team is emitted when it is complete, and again when it is complete again. */
  async function supervise(how: string, team: Observable<Team>): Promise<void> {
    Object.assign(starts, {store: 0, cache: 0, web: 0});
    await team.pipe(take(2)).forEach(([, cache]) => {
      if (starts.cache === 1) cache.run(die).catch(() => undefined);
    });
    console.log(how, starts);
  }

  // Behind each: who died is started again.
  const oneForOne = combineLatest([store.pipe(retry(3)), cache.pipe(retry(3)), web.pipe(retry(3))]);
  await supervise('one for one', oneForOne);

  // Behind all of them: the others are ended first.
  const oneForAll = combineLatest([store, cache, web]).pipe(retry(3));
  await supervise('one for all', oneForAll);

  // Behind each with all that need it: those are ended first.
  const fromWeb = (a: Portal, b: Portal) => combineLatest([of(a), of(b), web.pipe(retry(3))]);
  const fromCache = (a: Portal) =>
    cache.pipe(
      switchMap(b => fromWeb(a, b)),
      retry(3),
    );
  const restForOne = store.pipe(switchMap(fromCache), retry(3));
  await supervise('rest for one', restForOne);
});
