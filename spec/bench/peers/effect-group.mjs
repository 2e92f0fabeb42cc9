// The calls that the bench makes of Effect RPC.
import {Rpc, RpcGroup} from '@effect/rpc';
import {Schema} from 'effect';

const Item = Schema.Struct({id: Schema.Number, name: Schema.String});
const count = {count: Schema.Number};

export const Bench = RpcGroup.make(
  Rpc.make('Echo', {payload: {value: Schema.Number}, success: Schema.Number}),
  Rpc.make('Objects', {payload: count, success: Item, stream: true}),
  Rpc.make('ObjectsEach', {payload: count, success: Item, stream: true}),
  Rpc.make('Operators', {payload: count, success: Item, stream: true}),
  Rpc.make('Buffers', {payload: {...count, bytes: Schema.Number}, success: Schema.Uint8ArrayFromSelf, stream: true}),
);
