// comlink: the functions of a thread through a proxy. A stream is a callback, as its README says; each call of it is awaited or not.
import {Worker} from 'node:worker_threads';
import {proxy, wrap} from 'comlink';
import nodeEndpoint from 'comlink/dist/umd/node-adapter.js';
import {weigh} from '../../../dist/spec/bench/values.js';

export const subject = {
  open: async () => {
    const worker = new Worker(new URL('comlink.end.mjs', import.meta.url));
    const api = wrap(nodeEndpoint(worker));
    const received = async (start, read) => {
      let sum = 0;
      await start(
        proxy(value => {
          sum += read(value);
        }),
      );
      return sum;
    };
    return {
      call: value => api.echo(value),
      streams: {
        objects: count =>
          received(
            take => api.objects(count, take),
            ({id}) => id,
          ),
        'objects each': count =>
          received(
            take => api.objectsEach(count, take),
            ({id}) => id,
          ),
        '64 KiB': count => received(take => api.buffers(count, 64 * 1024, take), weigh),
      },
      close: () => worker.terminate(),
    };
  },
};
