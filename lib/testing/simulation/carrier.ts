/**
 * The backend of a simulation: it stands in for processes and threads. An actor runs in this process, on a connection of its own, and can be
 * killed, stopped and blocked as if it had a process.
 * Floor 9, room `simulation`: above `links`; `simulation` says what the actors are.
 */
import {serve} from '../../actor/serve.js';
import {deferred} from '../../base/deferred.js';
import type {Exit} from '../../base/errors.js';
import {openNames} from '../../discovery/names.js';
import type {Reachability} from '../../discovery/reachability.js';
import type {Spawned, Spawner} from '../../nursery/backends/spawner.js';
import type {Agenda} from './agenda.js';
import {argumentsOf} from './arguments.js';
import type {Links} from './links.js';
import {type Place, placeHere, runAfresh} from './place.js';
import type {SimulatedActor} from './simulated-actor.js';

/** The actors of a simulation, as its backend needs them. */
export interface Carriage {
  readonly agenda: Agenda;
  readonly links: Links;
  /** Enters a new actor. */
  add(name: string, id: string, parent: SimulatedActor, isThread: boolean): SimulatedActor;
  /** The actor is dead: the actors below it die too. */
  died(actor: SimulatedActor, exit: Exit): void;
}

export function simulatedSpawner(carriage: Carriage, isThread: boolean): Spawner {
  const {agenda, links} = carriage;
  return async ({name, id, treeId, argv, output}) => {
    const parent = (placeHere() as Place).actor;
    const actor = carriage.add(name, id, parent, isThread);
    const [here, there] = links.connect(parent, actor);
    // As in a process of its own, whose program is the runtime's entry.
    actor.argv = argumentsOf(argv);
    const exited = deferred<Exit>();
    void exited.promise.then(() => output?.end());
    const exits = agenda.openLane(parent);
    const end = (exit: Exit): void => {
      if (actor.isDead) return;
      // Its messages are on their way. The rest of its work is never done, and it hears nothing any more.
      actor.isDead = true;
      agenda.drop(actor);
      links.leave(actor);
      const seen = (): void => {
        agenda.closeLane(exits);
        exited.resolve(exit);
      };
      agenda.add(exits, 0, {what: `sees ${name} exit`, keepsAlive: false, act: seen});
      carriage.died(actor, exit);
    };
    const begin = (): void => {
      const served = serve({name, id, treeId}, there, {
        sharesModules: true,
        prepare: ({tree}, serving): undefined => {
          openNames(serving, tree.reachability as Reachability | undefined);
        },
        // As the exit of a process, which comes after what was written.
        exit: code => void agenda.add(agenda.turnsOf(actor), 0, {what: 'exits', act: () => end({code, signal: null})}),
        orphaned: () => end({code: 1, signal: null}),
      });
      actor.runtime = served.actor;
      actor.control = {fail: error => served.fail(error), end};
    };
    actor.control = {fail: () => end({code: 1, signal: null}), end};
    const place = {agenda, actor, isBackground: false};
    agenda.add(agenda.turnsOf(actor), 0, {what: 'begins', act: () => runAfresh(place, begin)});
    const spawned: Spawned = {
      pid: actor.pid,
      transport: here,
      diesWithParent: true,
      exited: exited.promise,
      stderrTail: () => '',
      kill: () => end(isThread ? {code: 1, signal: null} : {code: null, signal: 'SIGKILL'}),
    };
    return spawned;
  };
}
