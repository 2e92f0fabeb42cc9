// Effect RPC with MessagePack over a Unix socket: effects and streams, whose chunks are acknowledged.
import {NodeSocket} from '@effect/platform-node';
import {RpcClient, RpcSerialization} from '@effect/rpc';
import {Effect, Exit, Layer, Scope, Stream} from 'effect';
import {weigh} from '../../../dist/spec/bench/values.js';
import {Bench} from './effect-group.mjs';
import {startEnd} from './process.mjs';

export const subject = {
  open: async () => {
    const {path, end} = await startEnd('effect.end.mjs');
    const protocol = RpcClient.layerProtocolSocket().pipe(
      Layer.provide(NodeSocket.layerNet({path})),
      Layer.provide(RpcSerialization.layerMsgPack),
    );
    const scope = Effect.runSync(Scope.make());
    const context = await Effect.runPromise(Layer.buildWithScope(protocol, scope));
    const client = await Effect.runPromise(RpcClient.make(Bench).pipe(Effect.provide(context), Scope.extend(scope)));
    const received = (stream, read) => Effect.runPromise(Stream.runFold(stream, 0, (sum, value) => sum + read(value)));
    const idOf = ({id}) => id;
    return {
      call: value => Effect.runPromise(client.Echo({value})),
      streams: {
        objects: count => received(client.Objects({count}), idOf),
        'objects each': count => received(client.ObjectsEach({count}), idOf),
        operators: count =>
          received(
            client.Operators({count}).pipe(
              Stream.map(({id, name}) => ({id: id - 1, name})),
              Stream.filter(({id}) => id >= 0),
            ),
            idOf,
          ),
        '64 KiB': count => received(client.Buffers({count, bytes: 64 * 1024}), weigh),
      },
      close: async () => {
        await Effect.runPromise(Scope.close(scope, Exit.void));
        await end();
      },
    };
  },
};
