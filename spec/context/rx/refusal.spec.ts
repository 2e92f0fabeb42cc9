// The error that a subscriber gets when its call cannot be made: it comes in a turn of its own, so that a retry lets go of the loop.
import {defer, type Observable, retry} from 'rxjs';
import {ContextCancelled, TransportClosed} from '../../../lib/base/errors.js';
import {Scope} from '../../../lib/base/scope.js';
import {newPair, type Pair, turns, until} from '../../kit/pair.js';
import {startProgram} from '../../kit/program.js';
import {spawning} from '../../kit/spawning.js';

const test = spawning();

const nouns: Record<string, (calls: ReturnType<Pair['with']>) => Observable<unknown>> = {
  stream: calls => calls.stream(() => [1]),
  mapAsync: calls => calls.stream(() => [1]).mapAsync(value => [value]),
  operator: calls => calls.operator(source => source)([1]),
  context: calls => calls.context(() => 0),
};

for (const [noun, make] of Object.entries(nouns)) {
  test(`C9, S4: a retry of ${noun} over a channel that has ended does not starve the loop`, async t => {
    const pair = await newPair();
    pair.cut();
    await until(() => pair.near.channel.closed !== undefined);
    const cold = make(pair.with({}));
    let tries = 0;
    const counted = defer(() => {
      tries++;
      return cold;
    });
    let error: unknown;
    const subscription = counted.pipe(retry(1_000)).subscribe({
      error: last => {
        error = last;
      },
    });
    await turns(20);
    t.true(tries > 1 && tries < 100, `${tries} in 20 turns`);
    subscription.unsubscribe();
    const left = tries;
    await turns();
    t.is(tries, left, 'who has left is told nothing');

    counted.pipe(retry(2)).subscribe({
      error: last => {
        error = last;
      },
    });
    t.is(error, undefined);
    await until(() => error !== undefined);
    t.true(error instanceof TransportClosed, String(error));
  });

  test(`C12, S4: nor does one of ${noun} whose scope was cancelled`, async t => {
    const pair = await newPair();
    const {actor} = pair.near;
    const scope = new Scope('inner', actor.scope);
    scope.cancel(new ContextCancelled('enough', {canceller: actor.id, reason: 'scope'}));
    let tries = 0;
    let error: unknown;
    actor.run(scope, () => {
      const cold = make(pair.with({}));
      const counted = defer(() => {
        tries++;
        return cold;
      });
      counted.pipe(retry(50)).subscribe({
        error: last => {
          error = last;
        },
      });
    });
    t.is(tries, 1);
    await until(() => error !== undefined);
    t.is(tries, 51);
    t.true(error instanceof ContextCancelled);
    scope.settle();
  });
}

test('T9, S4: a program whose body fails ends, though subscriptions retry for ever', async t => {
  const program = startProgram(t, 'retries');
  t.deepEqual(await program.exited, {code: 1, signal: null});
  t.regex(program.stderr, /the body failed/);
});
