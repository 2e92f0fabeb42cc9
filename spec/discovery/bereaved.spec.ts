// Who is linked to an actor that dies is told how, by way of the actor's own parent: one death, one story.
import {firstValueFrom, ReplaySubject} from 'rxjs';
import {type Nursery, openNursery, type Portal} from '../../lib/index.js';
import {forAnybody, mourn, raise} from '../fixtures/bereaved.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({always: 1});

const killed = {code: null, signal: 'SIGKILL'};

/** An actor whose death is no failure of the nursery. */
function mortal(nursery: Nursery, name: string): Promise<Portal> {
  const portals = new ReplaySubject<Portal>(1);
  nursery.actor(name, {expose: forAnybody}).subscribe({next: portal => portals.next(portal), error: () => {}});
  return firstValueFrom(portals);
}

test('T17: a peer of one that was killed gets TransportClosed with its ActorDied as cause, and so does `ended`', t =>
  openNursery(async nursery => {
    await mortal(nursery, 'victim');
    const mourner = await nursery.startActor('mourner', {expose: forAnybody});
    const mourning = await mourner.openContext(mourn, 'victim');
    process.kill(mourning.first, 'SIGKILL');
    const death = {died: 'victim', exit: killed, stderr: ''};
    const {how, cause, ended} = await mourning.result();
    t.regex(how, /^(eof|reset)$/);
    t.deepEqual([cause, ended], [death, death]);
  }));

test('T17: the death of an actor that another has started is told to the tree, and to a peer at the root', t =>
  openNursery(async nursery => {
    const parent = await nursery.startActor('parent', {expose: forAnybody});
    const raising = await parent.openContext(raise, 'grandchild');
    const mourner = await nursery.startActor('mourner', {expose: forAnybody});
    const mourning = await mourner.openContext(mourn, 'grandchild');
    process.kill(raising.first, 'SIGKILL');
    const death = {died: 'grandchild', exit: killed, stderr: ''};
    t.deepEqual((await mourning.result()).cause, death);
    await raising.cancel();
  }));

test('T17: one that was asked to end has not died: its peers get TransportClosed alone', t =>
  openNursery(async nursery => {
    const victim = await nursery.startActor('victim', {expose: forAnybody});
    const mourner = await nursery.startActor('mourner', {expose: forAnybody});
    const mourning = await mourner.openContext(mourn, 'victim');
    await victim.cancelActor();
    const {how, cause, ended} = await mourning.result();
    t.is(cause, undefined, how);
    t.deepEqual(ended?.exit, {code: null, signal: null});
  }));
