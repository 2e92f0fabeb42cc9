// A view of a tree with actors on another host, one of which has the pid of the root. Used by the specs of `cli`.
import type {ActorView, TreeView} from '../../lib/window/index.js';
import {actorView} from './views.js';

const actor = (name: string, pid: number, more: Partial<ActorView>): ActorView => actorView(name, {pid, ...more});

const onGpu = {host: 'gpu1', elsewhere: true} as const;

export const treeOnHosts: TreeView = {
  at: 1_000,
  more: 0,
  root: actor('root', 7, {
    cpu: 0.1,
    rss: 1_048_576,
    children: [
      actor('here', 8, {cpu: 0.2, rss: 2 * 1_048_576}),
      actor('press', 7, {...onGpu, children: [actor('ink', 9, onGpu)]}),
      // It is being placed.
      actor('next', 0, {host: '', elsewhere: true, state: 'spawning'}),
    ],
  }),
};
