// A context and an actor as observers are told of them, idle and without counts. Used by the specs of surveys and of the command.
import type {ContextRow} from '../../lib/base/tree-survey.js';
import type {ActorView} from '../../lib/window/index.js';

export const contextRow = (fn: string, more: Partial<ContextRow> = {}): ContextRow => ({
  uid: `a-b-${fn}`,
  fn,
  kind: 'task',
  side: 'caller',
  peer: {name: 'peer', id: 'id-peer', pid: 1, host: 'h'},
  cancelled: false,
  blocked: false,
  full: false,
  reading: false,
  sent: 0,
  received: 0,
  dropped: 0,
  queuedBytes: 0,
  granted: 0,
  stalledMs: 0,
  ...more,
});

/** @param name its id too */
export const actorView = (name: string, more: Partial<ActorView> = {}): ActorView => ({
  id: name,
  name,
  pid: 1,
  host: 'home',
  state: 'serving',
  since: 0,
  contexts: [],
  age: 0,
  waits: [],
  children: [],
  more: 0,
  ...more,
});
