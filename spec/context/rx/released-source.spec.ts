import {finalize, map, NEVER, Subject} from 'rxjs';
import {over} from '../../kit/over-pair.js';
import {turns, until} from '../../kit/pair.js';

/** A stage that ends when the test lets it. */
function slowStage(): {stage: (source: unknown) => unknown; readonly begun: boolean; end: () => void} {
  const held = {
    begun: false,
    end: (): void => {},
    stage: async (): Promise<never[]> => {
      held.begun = true;
      await new Promise<void>(resolve => {
        held.end = resolve;
      });
      return [];
    },
  };
  return held;
}

over('X9: an Observable that is sent into a stage is unsubscribed in the call of unsubscribe', async (t, _, calls) => {
  const slow = slowStage();
  const source = new Subject<number>();
  let taken = 0;
  let finalized = false;
  const subscription = source
    .pipe(
      map(n => taken++ + n),
      finalize(() => {
        finalized = true;
      }),
      calls.operator(slow.stage),
    )
    .subscribe();
  await until(() => slow.begun);
  source.next(1);
  subscription.unsubscribe();
  t.false(source.observed);
  t.true(finalized);
  source.next(2);
  t.is(taken, 1);
  slow.end();
});

over('X9: a generator that is sent into a stage gets its return() in the call of unsubscribe', async (t, pair) => {
  const slow = slowStage();
  let released = false;
  const subscription = pair
    .with({window: 1})
    .operator(slow.stage)(
      (function* () {
        try {
          for (;;) yield 1;
        } finally {
          released = true;
        }
      })(),
    )
    .subscribe();
  await until(() => slow.begun);
  await turns();
  t.false(released);
  subscription.unsubscribe();
  t.true(released);
  slow.end();
});

over('X9: a remote stream that is idle is let go with the stage behind it', async (t, pair, calls) => {
  const slow = slowStage();
  let ended = false;
  const subscription = calls
    .stream(() => NEVER.pipe(finalize(() => (ended = true))))
    .pipe(calls.operator(slow.stage))
    .subscribe();
  await until(() => slow.begun);
  await turns();
  subscription.unsubscribe();
  await until(() => ended);
  t.true(pair.open > 0, 'the stage has not ended yet');
  slow.end();
});

over('X9: a source whose return() fails harms nobody', async (t, _, calls) => {
  const slow = slowStage();
  const subscription = calls
    .operator(slow.stage)({
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<never>(() => {}),
        return: () => {
          throw new Error('it cannot be closed');
        },
      }),
    })
    .subscribe();
  await until(() => slow.begun);
  t.notThrows(() => subscription.unsubscribe());
  slow.end();
});
