// The list of names: what it says against a list that is kept in the plainest way, and what it costs.
import {setFlagsFromString} from 'node:v8';
import {runInNewContext} from 'node:vm';
import test from 'ava';
import type {ActorId} from '../../lib/base/actor-id.js';
import {ActorDied} from '../../lib/base/errors.js';
import {type ActorEvent, Registrar, type Registration} from '../../lib/discovery/registrar.js';
import {fc} from '../kit/fast-check.js';

const actor = (id: string, name = 'worker'): ActorId => ({name, id, pid: 1, host: 'here'});
const child = (id: string, name?: string): Registration => ({actor: actor(id, name), path: [id]});
const idsOf = (entries: readonly Registration[]): string[] => entries.map(entry => entry.actor.id);

test('of equal names the latest is found first, and an older one again when the latest has left (D1, K88)', t => {
  const registrar = new Registrar();
  registrar.enter(child('a'));
  registrar.enter(child('b'));
  registrar.enter(child('c', 'other'));
  t.deepEqual(idsOf(registrar.find('worker')), ['b', 'a']);
  registrar.leave('b');
  t.deepEqual(idsOf(registrar.find('worker')), ['a']);
  registrar.leave('a');
  t.deepEqual(registrar.find('worker'), []);
  t.deepEqual(registrar.list(), [actor('c', 'other')]);
});

test('T17, M7: a death that is remembered holds on to nothing of the actor that died', async t => {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  /** Whatever a method of an actor has made, V8 keeps that actor with the frames of the stack. */
  class Dying {
    died(): ActorDied {
      return new ActorDied('worker died', {exit: {code: 1, signal: null}});
    }
  }
  const registrar = new Registrar();
  const dead = ((): WeakRef<Dying> => {
    const dying = new Dying();
    registrar.leave('a', dying.died());
    return new WeakRef(dying);
  })();
  // A WeakRef holds its object until the turn is over.
  await new Promise(resolve => setImmediate(resolve));
  gc();
  t.is(dead.deref(), undefined);
  t.true(registrar.death('a') instanceof ActorDied);
});

test('said again, an actor has its latest path and its old place, and no watcher hears of it (K17)', t => {
  const registrar = new Registrar();
  registrar.enter(child('a'));
  registrar.enter(child('b'));
  const seen: ActorEvent[] = [];
  registrar.watch(event => seen.push(event));
  seen.length = 0;
  registrar.enter({actor: actor('a'), path: ['root', 'a']});
  t.deepEqual(idsOf(registrar.find('worker')), ['b', 'a']);
  t.deepEqual(registrar.registration('a')?.path, ['root', 'a']);
  t.deepEqual(seen, []);
  registrar.leave('root');
  t.deepEqual(idsOf(registrar.find('worker')), ['b'], 'it leaves with whom it is below now');
});

test('one watcher that is given twice hears twice, and each stops for itself', t => {
  const registrar = new Registrar();
  const seen: string[] = [];
  const watcher = (event: ActorEvent): unknown => seen.push(`${event.type} ${event.actor.id}`);
  registrar.enter(child('a'));
  const stops = [registrar.watch(watcher), registrar.watch(watcher)];
  registrar.report('unresponsive', 'a');
  registrar.report('unresponsive', 'nobody');
  stops[0]?.();
  registrar.report('responsive', 'a');
  stops[1]?.();
  registrar.leave('a');
  t.deepEqual(seen, ['present a', 'present a', 'unresponsive a', 'unresponsive a', 'responsive a']);
});

// Each step picks among what is there by a number, so that a shrunk run stays a run.
const step = fc.oneof(
  {weight: 4, arbitrary: fc.record({kind: fc.constant('enter' as const), below: fc.nat(), name: fc.nat(2)})},
  {weight: 1, arbitrary: fc.record({kind: fc.constant('again' as const), which: fc.nat(), below: fc.nat()})},
  {weight: 2, arbitrary: fc.record({kind: fc.constant('leave' as const), which: fc.nat()})},
  {weight: 1, arbitrary: fc.record({kind: fc.constant('watch' as const)})},
  {weight: 1, arbitrary: fc.record({kind: fc.constant('stop' as const), which: fc.nat()})},
);

test('whoever enters, again, below whom, and leaves: it says what a plain list of entries says (D1)', t => {
  fc.assert(
    fc.property(fc.array(step, {maxLength: 60}), steps => {
      const registrar = new Registrar();
      let model: Registration[] = [];
      let ids = 0;
      const watches: {seen: string[]; expected: string[]; stop: () => void}[] = [];
      const tell = (type: string, id: string): void => {
        for (const watch of watches) watch.expected.push(`${type} ${id}`);
      };
      const pathBelow = (n: number): readonly string[] => (model.length ? (model[n % model.length]?.path ?? []) : []);
      for (const each of steps) {
        if (each.kind === 'enter') {
          const id = `${ids++}`;
          const entry = {actor: actor(id, `name-${each.name}`), path: [...pathBelow(each.below), id]};
          registrar.enter(entry);
          model.push(entry);
          tell('registered', id);
        } else if (each.kind === 'again' && model.length > 0) {
          const known = model[each.which % model.length] as Registration;
          const path = pathBelow(each.below);
          if (path.includes(known.actor.id)) continue;
          const entry = {actor: known.actor, path: [...path, known.actor.id]};
          registrar.enter(entry);
          model = model.map(other => (other === known ? entry : other));
        } else if (each.kind === 'leave' && model.length > 0) {
          const {id} = (model[each.which % model.length] as Registration).actor;
          registrar.leave(id);
          const gone = model.filter(({path}) => path.includes(id));
          model = model.filter(entry => !gone.includes(entry));
          tell('ended', id);
          for (const other of gone) if (other.actor.id !== id) tell('ended', other.actor.id);
        } else if (each.kind === 'watch') {
          const seen: string[] = [];
          const stop = registrar.watch(event => seen.push(`${event.type} ${event.actor.id}`));
          watches.push({seen, expected: model.map(entry => `present ${entry.actor.id}`), stop});
        } else if (each.kind === 'stop' && watches.length > 0) {
          const [watch] = watches.splice(each.which % watches.length, 1);
          watch?.stop();
          t.deepEqual(watch?.seen.toSorted(), watch?.expected.toSorted());
        }
        t.deepEqual(registrar.registrations, model);
        for (const name of ['name-0', 'name-1', 'name-2', 'nobody']) {
          const named = model.filter(entry => entry.actor.name === name).reverse();
          t.deepEqual(registrar.find(name), named);
          t.deepEqual(registrar.find(name, 2), named.slice(0, 2));
        }
        for (const entry of model) t.is(registrar.registration(entry.actor.id), entry);
      }
      for (const watch of watches) {
        // Who ends with another comes behind it, in an order that nobody is promised.
        t.deepEqual(watch.seen.toSorted(), watch.expected.toSorted());
        t.deepEqual(idsAfter(watch.seen), new Set(model.map(entry => entry.actor.id)));
      }
    }),
  );
});

/** Who is there for a watcher that has believed every event. */
function idsAfter(seen: readonly string[]): Set<string> {
  const there = new Set<string>();
  for (const event of seen) {
    const [type, id = ''] = event.split(' ');
    if (type === 'ended') there.delete(id);
    else there.add(id);
  }
  return there;
}

test('whoever leaves is found without a look at those that it is not about, however many there are', t => {
  const registrar = new Registrar();
  let looks = 0;
  for (let i = 0; i < 1_000; i++) {
    const entry = child(`${i}`);
    registrar.enter({
      actor: entry.actor,
      get path() {
        looks++;
        return entry.path;
      },
    });
  }
  looks = 0;
  registrar.leave('500');
  t.true(looks <= 2, `${looks} paths were read`);
  t.deepEqual(idsOf(registrar.find('worker', 2)), ['999', '998']);
});
