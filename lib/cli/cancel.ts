/**
 * `rxtractor cancel`: asks the tree to end an actor, and waits until it is gone.
 * Floor 10: a command.
 */
import {connectToTree} from '../window/remote-tree.js';
import {type Command, exit, tlsOptions, UsageError} from './command.js';
import {duration, shown} from './format.js';
import {line} from './io.js';
import {lookAt, pathTo, placeOf} from './trees.js';

export const cancel: Command = {
  name: 'cancel',
  summary: 'cancels an actor, and says how it went',
  operands: ['[ROOT]', 'ACTOR'],
  options: tlsOptions,
  about: `
Cancels an actor as its own program would: its functions are cancelled, and have
the time of timeouts.exit to clean up. It waits until the actor is gone, and
says whether it went by itself. The tree logs who has asked. The root itself is
ended with a signal instead: kill -INT PID.
`,
  async run(given, {out}) {
    const place = await placeOf(given);
    const path = pathTo(await lookAt(place), given.actor as string);
    const [root, ...below] = path;
    const actor = below.at(-1);
    if (!actor) throw new UsageError(`${shown(root?.name ?? '')} is the root: end it with kill -INT ${root?.pid}`);
    const tree = await connectToTree(place.root, place.tls);
    try {
      const {found, byItself, ms} = await tree.cancel(below.map(({id}) => id));
      const how = byItself ? 'ended by itself' : 'was killed, because it did not end in time';
      line(out, `${shown(actor.name)} ${found ? `${how}, after ${duration(ms)}` : 'had ended already'}`);
    } finally {
      tree.close();
    }
    return exit.fine;
  },
};
