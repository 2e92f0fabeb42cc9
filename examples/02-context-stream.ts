/**
 * Two functions in two processes talk both ways: a first value, guesses and answers, a result.
 *
 *   root        guesses
 *   └── host    has the number, and answers
 *
 * It prints:
 *
 *   I have a number from 1 to 100
 *   is it 50? lower
 *   is it 25? higher
 *   is it 37? higher
 *   is it 43? lower
 *   is it 40? higher
 *   is it 41? higher
 *   is it 42? right
 *   you needed 7 guesses
 */
import {type CalleeContext, context, main} from 'rxtractor';

type Answer = 'lower' | 'higher' | 'right';

export const game = context(async (ctx: CalleeContext<number, Answer, string>, secret: number) => {
  ctx.started.next('I have a number from 1 to 100');
  const wire = ctx.openStream();
  let guesses = 0;
  for await (const guess of wire) {
    guesses += 1;
    if (guess === secret) await wire.send('right');
    else await wire.send(guess < secret ? 'higher' : 'lower');
  }
  return guesses;
});

await main(async nursery => {
  const host = await nursery.startActor('host', {expose: [game]});
  const context = await host.openContext(game, 42);
  console.log(context.first);

  const wire = context.openStream();
  let [low, high, guess] = [1, 100, 50];
  await wire.send(guess);
  for await (const answer of wire) {
    console.log(`is it ${guess}? ${answer}`);
    if (answer === 'right') break;
    if (answer === 'lower') high = guess - 1;
    else low = guess + 1;
    guess = Math.floor((low + high) / 2);
    await wire.send(guess);
  }
  wire.complete(); // ends the loop over there, which then returns
  console.log(`you needed ${await context.result()} guesses`);
});
