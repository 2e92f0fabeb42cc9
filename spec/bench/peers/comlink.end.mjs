// The other end of comlink.
import {parentPort} from 'node:worker_threads';
import {expose} from 'comlink';
import nodeEndpoint from 'comlink/dist/umd/node-adapter.js';
import {buffers, items} from '../../../dist/spec/bench/values.js';

const pushed = (values, take) => Promise.all(Array.from(values, value => take(value)));

expose(
  {
    echo: value => value,
    objects: async (count, take) => void (await pushed(items(count), take)),
    objectsEach: async (count, take) => {
      for (const item of items(count)) await take(item);
    },
    buffers: async (count, bytes, take) => void (await pushed(buffers(count, bytes), take)),
  },
  nodeEndpoint(parentPort),
);
