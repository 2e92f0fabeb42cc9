// The other end of birpc.
import {parentPort} from 'node:worker_threads';
import {createBirpc} from 'birpc';
import {buffers, items} from '../../../dist/spec/bench/values.js';

const rpc = createBirpc(
  {
    echo: value => value,
    objects: count => {
      for (const item of items(count)) rpc.item.asEvent(item);
    },
    objectsEach: async count => {
      for (const item of items(count)) await rpc.item(item);
    },
    buffers: (count, bytes) => {
      for (const buffer of buffers(count, bytes)) rpc.buffer.asEvent(buffer);
    },
  },
  {post: message => parentPort.postMessage(message), on: take => parentPort.on('message', take)},
);
