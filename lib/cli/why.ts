/**
 * `rxtractor why`: who waits for whom.
 * Floor 10: a command. The finder of `window` finds; `draw-waits` draws.
 */
import {lastValueFrom, takeWhile} from 'rxjs';
import {findWaits, isEarly, silentIn} from '../window/find-waits.js';
import type {Findings, TreeView} from '../window/types.js';
import {watchTree} from '../window/watch-tree.js';
import {type Command, exit, jsonOption, tlsOptions} from './command.js';
import {drawWaits} from './draw-waits.js';
import {isColoured, line, widthOf} from './io.js';
import {taskNames, tasksOf} from './task-names.js';
import {type Place, pathTo, placeOf} from './trees.js';

/** For so long it looks, in ms: the finder suspects nothing that has stood still for less than 5 s. */
const lookMs = 6_000;
/** For so long at most, in ms, where a later view could tell more: the tree has just started, or the machine is busy. */
const longestMs = 20_000;

export const why: Command = {
  name: 'why',
  summary: 'what waits for whom; suspected deadlocks',
  operands: ['[ROOT]', '[ACTOR]'],
  options: {...jsonOption, ...tlsOptions},
  about: `
Looks at a tree for six seconds, and says what waits for whom. It looks on, for
twenty seconds at most, while an actor does not answer, or while a circle stands
still for less than five seconds.

- suspected deadlocks: tasks that wait for one another in a circle, while no
  counter of them moved for 5 s and none of their processes used the processor
- who holds up others: tasks that do not take what is sent to them, with the
  share of all waiting that each of them causes
- chains of waits, with the task at their end, which waits for nothing known

With ACTOR it says only what concerns that actor.
It ends with 2 when a deadlock is suspected, which a CI job can ask for.
`,
  async run(given, {out, env}) {
    const view = await watched(await placeOf(given));
    const found = findingsOf(view, given.actor);
    if (given.options.json) {
      const tasks = Object.fromEntries(taskNames(view));
      const silent = silentIn(view).map(({id}) => id);
      line(out, JSON.stringify({at: view.at, ...found, silent, tasks}, undefined, 2));
    } else {
      const look = {width: widthOf(out), colours: isColoured(out, env)};
      for (const text of drawWaits(view, found, look)) line(out, text);
    }
    return found.cycles.length > 0 ? exit.finding : exit.fine;
  },
};

function watched(place: Place): Promise<TreeView> {
  let begun: number | undefined;
  const mayTellMore = (view: TreeView): boolean => {
    const {at} = view;
    begun ??= at;
    const forMs = at - begun;
    return forMs < lookMs || (forMs < longestMs && isEarly(view));
  };
  return lastValueFrom(watchTree({...place, contexts: true}).pipe(takeWhile(mayTellMore, true)));
}

/** The findings of the whole tree. When the user has named an actor, only those in which a task of that actor takes part. */
function findingsOf(view: TreeView, actor: string | undefined): Findings {
  const found = findWaits(view);
  const path = actor === undefined ? undefined : pathTo(view, actor);
  const own = path && tasksOf(path.at(-1) as (typeof path)[number]);
  if (!own) return found;
  const concerns = ({tasks}: {readonly tasks: readonly string[]}): boolean => tasks.some(task => own.has(task));
  return {
    cycles: found.cycles.filter(concerns),
    stalls: found.stalls.filter(({task}) => own.has(task)),
    chains: found.chains.filter(concerns),
  };
}
