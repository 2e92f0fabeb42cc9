// grpc-js over a Unix socket: unary calls, streams of the server, and a stream both ways; HTTP/2 slows them.
import grpc from '@grpc/grpc-js';
import {items, weigh} from '../../../dist/spec/bench/values.js';
import {Bench} from './grpc-service.mjs';
import {startEnd} from './process.mjs';

export const subject = {
  open: async () => {
    const {path, end} = await startEnd('grpc.end.mjs');
    const client = new Bench(`unix:${path}`, grpc.credentials.createInsecure());
    const received = (stream, read) =>
      new Promise((resolve, reject) => {
        let sum = 0;
        stream.on('data', value => {
          sum += read(value);
        });
        stream.on('error', reject);
        stream.on('end', () => resolve(sum));
      });
    return {
      call: value =>
        new Promise((resolve, reject) =>
          client.Echo({value}, (error, answer) => (error ? reject(error) : resolve(answer.value))),
        ),
      streams: {
        'objects each': count => received(client.Objects({count}), ({id}) => id),
        '64 KiB': count => received(client.Buffers({count, bytes: 64 * 1024}), ({data}) => weigh(data)),
        '1 MiB': count => received(client.Buffers({count, bytes: 1024 * 1024}), ({data}) => weigh(data)),
        echo: async count => {
          const stream = client.Echoes();
          const sum = received(stream, ({id}) => id);
          for (const item of items(count))
            if (!stream.write(item)) await new Promise(resolve => stream.once('drain', resolve));
          stream.end();
          return sum;
        },
      },
      close: async () => {
        client.close();
        await end();
      },
    };
  },
};
