/**
 * The name of a context that is the same at both of its ends, and different from every other one of the tree.
 * Floor 4, room `protocol`: made when somebody watches, and not for each context.
 */
import type {Channel} from '../../channel/channel.js';
import type {Dialog} from './dialog.js';

/** How many characters of an actor's id are enough: 32 random bits. */
const idLength = 8;

/** `3f9c01aa-77b0e2d1-5`: the actor that calls, the actor that is called, the number on their channel. */
export function contextUid({self, peer}: Channel, id: number, side: Dialog['side']): string {
  const [own, other] = [self.id.slice(0, idLength), peer?.id.slice(0, idLength) ?? ''];
  return side === 'caller' ? `${own}-${other}-${id}` : `${other}-${own}-${id}`;
}

/** Whether an actor is at one of the ends of the context with that name. */
export const isAtAnEnd = (uid: string, actor: string): boolean =>
  uid.split('-').slice(0, 2).includes(actor.slice(0, idLength));
