/**
 * `rxtractor kill`: SIGKILL for the process of an actor, which is asked nothing.
 * Floor 10: a command.
 */
import {hostname} from 'node:os';
import {startOf} from '../transport/owner.js';
import {actorsIn} from '../window/find-waits.js';
import type {ActorView, TreeView} from '../window/types.js';
import {type Command, exit, tlsOptions, UsageError} from './command.js';
import {shown} from './format.js';
import {line} from './io.js';
import {lookAt, pathTo, placeOf} from './trees.js';

export const kill: Command = {
  name: 'kill',
  summary: 'kills the process of an actor (SIGKILL)',
  operands: ['[ROOT]', 'ACTOR'],
  options: tlsOptions,
  about: `
Kills the process of an actor, and asks nobody: for an actor in a busy loop, and
to see what a program does when an actor dies. The actor is known by its pid and
by the time at which that process has started. An actor that shares its process
with others (a thread, an inline actor) is refused, and so is one on another
host or in another container.
`,
  async run(given, {out}) {
    const place = await placeOf(given);
    const {pid} = killable(await lookAt(place), given.actor as string);
    const started = startOf(pid);
    // The process is that of the actor before and after its start was read, so the start is that of the actor.
    const view = await lookAt(place);
    const actor = killable(view, given.actor as string);
    if (started === undefined || actor.pid !== pid || startOf(pid) !== started)
      throw new Error(`${shown(actor.name)} has another process now: nothing was killed`);
    process.kill(pid, 'SIGKILL');
    line(out, `killed ${shown(actor.name)} (pid ${pid})`);
    return exit.fine;
  },
};

/** @throws UsageError when its process cannot be killed, or others are in it */
function killable(view: TreeView, wanted: string): ActorView {
  const actor = pathTo(view, wanted).at(-1) as ActorView;
  const {pid, host, elsewhere, id, name, rss} = actor;
  if (pid === 0) throw new UsageError(`${shown(name)} has no process yet`);
  if (elsewhere || host !== hostname()) throw new UsageError(`${shown(name)} runs on another host, ${shown(host)}`);
  if (rss === undefined)
    throw new UsageError(`the process of ${shown(name)} cannot be seen from here: kill it where the tree runs`);
  const other = [...actorsIn(view.root)].find(
    each => each.pid === pid && !each.elsewhere && each.id !== id && each.state !== 'ended',
  );
  if (other)
    throw new UsageError(
      `${shown(name)} shares its process with ${shown(other.name)}: rxtractor cancel ends the actor alone`,
    );
  return actor;
}
