// threads.js: a function in a thread, and its Observables. Its README says: spawn a Worker, call what it exposes, subscribe to what that returns.
import {spawn, Thread, Worker} from 'threads';
import {weigh} from '../../../dist/spec/bench/values.js';

const idOf = ({id}) => id;

export const subject = {
  open: async () => {
    const api = await spawn(new Worker('./threads.end.mjs'));
    const received = (values, read) =>
      new Promise((resolve, reject) => {
        let sum = 0;
        values.subscribe({
          next: value => {
            sum += read(value);
          },
          error: reject,
          complete: () => resolve(sum),
        });
      });
    return {
      call: value => api.echo(value),
      streams: {
        objects: count => received(api.objects(count), idOf),
        numbers: count => received(api.numbers(count), value => value),
        records: count => received(api.records(count), idOf),
        operators: count =>
          received(
            api.operators(count).map(({id, name}) => ({id: id - 1, name})),
            idOf,
          ),
        '64 KiB': count => received(api.buffers(count, 64 * 1024), weigh),
        '1 MiB': count => received(api.buffers(count, 1024 * 1024), weigh),
      },
      close: () => Thread.terminate(api),
    };
  },
};
