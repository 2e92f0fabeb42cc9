// The server of Effect RPC.
import {NodeRuntime, NodeSocketServer} from '@effect/platform-node';
import {RpcSerialization, RpcServer} from '@effect/rpc';
import {Console, Effect, Layer, Stream} from 'effect';
import {buffers, items} from '../../../dist/spec/bench/values.js';
import {Bench} from './effect-group.mjs';

const objects = count => Stream.fromIterable(items(count));

const handlers = Bench.toLayer({
  Echo: ({value}) => Effect.succeed(value),
  Objects: ({count}) => objects(count),
  ObjectsEach: ({count}) => objects(count).pipe(Stream.rechunk(1)),
  Operators: ({count}) =>
    objects(count).pipe(
      Stream.map(({id, name}) => ({id: id + 1, name})),
      Stream.filter(({id}) => id > 0),
    ),
  Buffers: ({count, bytes}) => Stream.fromIterable(buffers(count, bytes), 1),
});

const server = RpcServer.layer(Bench).pipe(
  Layer.provide(handlers),
  Layer.provide(RpcServer.layerProtocolSocketServer),
  Layer.provide(NodeSocketServer.layer({path: process.argv[2]})),
  Layer.provide(RpcSerialization.layerMsgPack),
);

NodeRuntime.runMain(
  Layer.launch(Layer.merge(server, Layer.effectDiscard(Console.log('listens')).pipe(Layer.provide(server)))),
);
