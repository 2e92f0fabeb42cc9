import test from 'ava';
import {Peer} from '../../lib/actor/peer.js';
import {ContextCancelled} from '../../lib/base/errors.js';
import {maxFrameBytes} from '../../lib/msg/frame.js';
import {memoryPair} from '../../lib/transport/memory.js';
import {newActor} from '../kit/pair.js';

test('a cancel that ends many actors is packed once', t => {
  const actor = newActor('parent');
  const peers = Array.from({length: 3}, () => new Peer(actor, memoryPair({maxFrameBytes})[0], 'accepted', {}));
  let reads = 0;
  const cause = {
    get large() {
      reads++;
      return 'an error';
    },
  };
  const why = new ContextCancelled('the nursery failed', {canceller: actor.id, reason: 'scope', cause});
  peers[0]?.cancelActor(why, 1_000);
  const once = reads;
  for (const peer of peers) peer.cancelActor(why, 1_000);
  t.true(once > 0);
  t.is(reads, once);
  peers[0]?.cancelActor(why, 500);
  t.is(reads, 2 * once, 'another budget is another message');
});
