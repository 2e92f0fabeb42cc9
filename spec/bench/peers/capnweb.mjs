// Cap'n Web over the port of a thread: calls, and a ReadableStream, which it slows by itself.
import {MessageChannel, Worker} from 'node:worker_threads';
import {newMessagePortRpcSession} from 'capnweb';
import {weigh} from '../../../dist/spec/bench/values.js';

export const subject = {
  open: async () => {
    const worker = new Worker(new URL('capnweb.end.mjs', import.meta.url));
    const {port1, port2} = new MessageChannel();
    worker.postMessage(port2, [port2]);
    const api = newMessagePortRpcSession(port1);
    const received = async (opening, read) => {
      let sum = 0;
      for await (const value of await opening) sum += read(value);
      return sum;
    };
    return {
      call: value => api.echo(value),
      streams: {
        'objects each': count => received(api.objects(count), ({id}) => id),
        '64 KiB': count => received(api.buffers(count, 64 * 1024), weigh),
      },
      close: () => worker.terminate(),
    };
  },
};
