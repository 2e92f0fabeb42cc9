// The judges of the long runs can find something: each judgement has a run that is right, and one that is wrong in each way.
import test from 'ava';
import {ActorDied, ActorError, NurseryError, ProtocolError, RemoteActorError} from '../../lib/index.js';
import {doom, isTold} from './invariants.js';
import {faultsOfFrames} from './run-frames.js';
import {faultsOfSoak} from './run-soak.js';

const died = new ActorDied('gone', {exit: {code: 3, signal: null}, actor: undefined, cause: undefined});
const from = (cause: unknown) => {
  const origin = {id: '1', name: 'far', pid: 1, host: 'here'} as never;
  return new RemoteActorError('there', {cause, type: 'Error', path: [origin]});
};

test('I7: a fault is told as a death, a cancel or what an actor meant, also within other errors', t => {
  for (const error of [died, from(doom()), from(died), new NurseryError([died, from(doom())], 'two')])
    t.true(isTold(error), String(error));
  const broken = new ProtocolError('it makes no sense');
  for (const error of [broken, new ActorError('?'), new TypeError('?'), from(broken), from(new TypeError('?'))])
    t.false(isTold(error), String(error));
  t.false(isTold(new NurseryError([died, broken], 'two')));
});

const seen = {seed: 1, frames: 1_010, channels: 100, byProtocol: 50, cuts: 10, channelsLeft: 0, peakBytes: 0};

test('M4: frames that are missing, channels that are left, and runs that show little are found', t => {
  t.deepEqual(faultsOfFrames(seen, 1_000), []);
  for (const wrong of [{frames: 1_000}, {channelsLeft: 1}, {byProtocol: 1}, {channels: 600}])
    t.is(faultsOfFrames({...seen, ...wrong}, 1_000).length, 1, JSON.stringify(wrong));
});

test('M7: what grows from second to second is found, and so is what anybody noticed', t => {
  const seconds = 30;
  const soakOf = (grown: (second: number) => object, findings: string[] = []) => {
    const level = {heap: 1e7, descriptors: 20, handles: 5, contexts: 4};
    const samples = Array.from({length: seconds}, (_, second) => ({...level, ...grown(second)}));
    return {outcome: {samples, opened: 6_000, values: 1e5, deaths: 30}, findings};
  };
  t.deepEqual(
    faultsOfSoak(
      soakOf(() => ({})),
      seconds,
    ),
    [],
  );
  // A little garbage is not a leak.
  t.deepEqual(
    faultsOfSoak(
      soakOf(second => ({heap: 1e7 + 1_000 * second})),
      seconds,
    ),
    [],
  );
  t.is(
    faultsOfSoak(
      soakOf(second => ({heap: 1e7 + 20_000 * second})),
      seconds,
    ).length,
    1,
  );
  for (const what of ['descriptors', 'handles', 'contexts'])
    t.is(
      faultsOfSoak(
        soakOf(second => ({[what]: second})),
        seconds,
      ).length,
      1,
      what,
    );
  t.deepEqual(
    faultsOfSoak(
      soakOf(() => ({}), ['FINDING']),
      seconds,
    ),
    ['FINDING'],
  );
});
