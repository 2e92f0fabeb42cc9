/**
 * The socket through which a root shows its tree to observers of the same user: in the private folder of the tree, beside the key
 * that an observer must know.
 * Floor 7: the boot of a root opens it when its first child serves.
 *
 * Observers meet a face of the root: an actor with the identity of the root that exposes the functions of the window, and no others.
 */
import {join} from 'node:path';
import {Actor} from '../actor/actor.js';
import {Peer} from '../actor/peer.js';
import {treeSurvey, versionThere} from '../actor/survey.js';
import {ContextCancelled} from '../base/errors.js';
import {log} from '../base/log.js';
import {listenPrivately} from '../channel/listen-privately.js';
import {folderOf} from '../discovery/names.js';
import {cancelInTree} from '../discovery/tree-actions.js';
import {eventsOfTree} from '../discovery/tree-events.js';
import {marksInTree} from '../discovery/tree-marks.js';
import {keyName, socketName} from './roots.js';

export interface Control {
  /** Lets the observers go, and removes the socket and the key. */
  close(): Promise<void>;
}

/** Opens the socket. Undefined when that is not possible, which is logged: nobody can observe the tree then, and nothing else is lost. */
export async function openControl(root: Actor): Promise<Control | undefined> {
  try {
    return await listenFor(root, await folderOf(root));
  } catch (error) {
    log('debug', 'nobody can observe this tree: it has no control socket', {error});
    return undefined;
  }
}

async function listenFor(root: Actor, folder: string): Promise<Control> {
  const {id, codec, tree, limits} = root;
  const face = new Actor({id, root: true, codec, tree, limits, subject: root});
  for (const fn of [treeSurvey, eventsOfTree, cancelInTree, marksInTree, versionThere]) face.exposed.allow(fn);
  const stopListening = await listenPrivately(
    {socket: join(folder, socketName), key: join(folder, keyName)},
    {
      self: id,
      codec,
      handshake: tree.timeouts.handshake,
      accepted: ({transport, peer}) => new Peer(face, transport, 'accepted', {}, peer).channel.keepAlive(false),
      refused: error => log('debug', `an observer was refused: ${error.message}`),
    },
  );
  return {
    close: async () => {
      await face.cancel(new ContextCancelled('the tree ends', {canceller: id, reason: 'shutdown'}));
      for (const channel of face.channels) channel.close();
      await stopListening();
    },
  };
}
