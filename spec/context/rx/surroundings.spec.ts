// In whose scope the code runs that a stream calls: its own, though the wire, another actor's or nobody's, says when.
import test from 'ava';
import {finalize, mergeMap, NEVER, of, Subject, throwError} from 'rxjs';
import {currentActor, currentSignal} from '../../../lib/base/current.js';
import {Scope} from '../../../lib/base/scope.js';
import type {RemoteStream} from '../../../lib/context/rx/remote-stream.js';
import {newPair, type Pair, until} from '../../kit/pair.js';

type Calls = ReturnType<Pair['with']>;
/** Marks where it is called. */
type Mark = (where: string) => void;

/** Subscriptions that are made in a scope of the near actor, and the marks that they are to leave there. */
const subscriptions: Record<string, {marks: string[]; make: (calls: Calls, mark: Mark) => unknown}> = {
  'a subscriber': {
    marks: ['next', 'complete', 'finalize'],
    make: (calls, mark) =>
      calls
        .stream(() => [1])
        .pipe(finalize(() => mark('finalize')))
        .subscribe({next: () => mark('next'), complete: () => mark('complete')}),
  },
  'a subscriber of what fails': {
    marks: ['error'],
    make: (calls, mark) => calls.stream(() => throwError(() => 0)).subscribe({error: () => mark('error')}),
  },
  mergeMap: {
    marks: ['project'],
    make: (calls, mark) => {
      const project = (): unknown[] => {
        mark('project');
        return [];
      };
      calls
        .stream(() => [1])
        .pipe(mergeMap(project))
        .subscribe();
    },
  },
  mapAsync: {
    marks: ['map', 'map'],
    make: (calls, mark) => {
      const project = (): unknown => {
        mark('map');
        return of(0);
      };
      calls
        .stream(() => [1, 2])
        .mapAsync(project as () => unknown[])
        .subscribe();
    },
  },
  consume: {
    marks: ['work', 'work', 'end'],
    make: (calls, mark) =>
      calls
        .stream(() => [1, 2])
        .consume(() => mark('work'))
        .then(() => mark('end')),
  },
  'a stage': {
    marks: ['next'],
    make: (calls, mark) =>
      of(1)
        .pipe(calls.operator(source => source))
        .subscribe(() => mark('next')),
  },
  context: {
    marks: ['next', 'started', 'error'],
    make: (calls, mark) =>
      calls
        .context(async ctx => {
          ctx.started.next(1);
          throw new Error('failed');
        })
        .subscribe({
          next: ctx => {
            mark('next');
            ctx.started.subscribe(() => mark('started'));
          },
          error: () => mark('error'),
        }),
  },
};

for (const [who, {marks, make}] of Object.entries(subscriptions)) {
  test(`C12: ${who} runs in the scope of its subscription, and not in that of the wire`, async t => {
    const pair = await newPair();
    const {actor} = pair.near;
    const scope = new Scope('inner', actor.scope);
    const seen: string[] = [];
    actor.run(scope, () =>
      make(pair.with({}), where => {
        const isHere = here() === scope.signal;
        seen.push(isHere ? where : `${where} elsewhere`);
      }),
    );
    await until(
      () => seen.length === marks.length,
      () => seen.join(),
    );
    t.deepEqual(seen, marks);
    await pair.quiet();
    scope.settle();
  });
}

function here(): AbortSignal | undefined {
  try {
    return currentSignal();
  } catch {
    return undefined;
  }
}

test('C12, X3: the finalizers of a source that is unsubscribed by a cancel run as part of its function', async t => {
  const pair = await newPair();
  const values = new Subject<number>();
  const seen: unknown[] = [];
  const source = (): unknown =>
    values.pipe(
      finalize(() => {
        seen.push(currentActor().name, currentSignal().aborted);
      }),
    );
  const subscription = pair.with({}).stream(source).subscribe();
  await until(() => values.observed);
  subscription.unsubscribe();
  await pair.quiet();
  t.deepEqual(seen, ['far', true]);
});

test('C12: what comes into a stage is seen in the scope of its function', async t => {
  const pair = await newPair();
  const names: string[] = [];
  const stage = pair.with({}).operator((source: RemoteStream<number>) =>
    source.pipe(
      mergeMap(() => {
        names.push(currentActor().name);
        return NEVER;
      }),
    ),
  );
  const values = new Subject<number>();
  const subscription = stage(values).subscribe();
  // The transport hands over in the async context of who wrote.
  pair.near.actor.run(pair.near.actor.scope, () => values.next(1));
  await until(() => names.length === 1);
  t.deepEqual(names, ['far']);
  subscription.unsubscribe();
  await pair.quiet();
});
