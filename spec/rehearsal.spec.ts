// T18: what a standby does once, for nothing, is complete, leaves nothing behind, and is seen by nobody.
import {subscribe, tracingChannel, unsubscribe} from 'node:diagnostics_channel';
import test from 'ava';
import {type Actor, actorListener} from '../lib/actor/actor.js';
import {carry} from '../lib/base/carry.js';
import {rehearse} from '../lib/rehearsal.js';

/** The actors that a rehearsal makes. */
async function rehearsed(): Promise<Actor[]> {
  const made: Actor[] = [];
  actorListener.made = actor => made.push(actor);
  try {
    await rehearse();
  } finally {
    actorListener.made = undefined;
  }
  return made;
}

test.serial('T18: a rehearsal is the life of an actor, and nothing of it is left', async t => {
  const made = await rehearsed();
  t.deepEqual(
    made.map(({id}) => id.name),
    ['rehearsal', 'standby'],
  );
  const [actor] = made;
  t.is(actor?.exposed.names().length, 1);
  for (const {channels, children} of made) t.deepEqual([channels.size, children.size], [0, 0]);
});

for (const name of ['rxtractor:call', 'rxtractor:task'])
  test.serial(`T18: nothing is rehearsed where somebody listens to ${name}`, async t => {
    const {start} = tracingChannel(name);
    const told = (): void => t.fail('a call was told that nobody has made');
    subscribe(start.name as string, told);
    try {
      t.deepEqual(await rehearsed(), []);
    } finally {
      unsubscribe(start.name as string, told);
    }
  });

test.serial('T18: nothing is rehearsed where something of a user travels with calls', async t => {
  const carrier = carry({
    name: 'spec/rehearsal',
    capture: () => t.fail('a call captured it that nobody has made'),
    run: (_, fn) => fn(),
  });
  try {
    t.deepEqual(await rehearsed(), []);
  } finally {
    carrier[Symbol.dispose]();
  }
});
