// birpc: functions both ways over any channel, here the port of a thread. A stream is a function of ours that the other end calls,
// as an event or awaited.
import {Worker} from 'node:worker_threads';
import {createBirpc} from 'birpc';
import {weigh} from '../../../dist/spec/bench/values.js';

export const subject = {
  open: async () => {
    const worker = new Worker(new URL('birpc.end.mjs', import.meta.url));
    let sum = 0;
    const rpc = createBirpc(
      {
        item: ({id}) => {
          sum += id;
        },
        buffer: buffer => {
          sum += weigh(buffer);
        },
      },
      {post: message => worker.postMessage(message), on: take => worker.on('message', take)},
    );
    const received = async start => {
      sum = 0;
      await start();
      return sum;
    };
    return {
      call: value => rpc.echo(value),
      streams: {
        objects: count => received(() => rpc.objects(count)),
        'objects each': count => received(() => rpc.objectsEach(count)),
        '64 KiB': count => received(() => rpc.buffers(count, 64 * 1024)),
      },
      close: () => worker.terminate(),
    };
  },
};
