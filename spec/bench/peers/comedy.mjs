// comedy: actors in processes of their own (mode `forked`), which get messages and answer them.
import comedy from 'comedy';
import Echo from './comedy.end.cjs';

const quiet = {categories: {Default: 'Error'}};
let system;

export const subject = {
  open: async () => {
    system ??= comedy({loggerConfig: quiet});
    const root = await system.rootActor();
    const actor = await root.createChild(Echo, {mode: 'forked'});
    return {call: value => actor.sendAndReceive('echo', value), close: () => actor.destroy()};
  },
  end: () => system?.destroy(),
};
