// The server of grpc-js.
import {Readable} from 'node:stream';
import grpc from '@grpc/grpc-js';
import {buffers, items} from '../../../dist/spec/bench/values.js';
import {Bench} from './grpc-service.mjs';

function* wrapped(count, bytes) {
  for (const data of buffers(count, bytes)) yield {data};
}

const server = new grpc.Server();
server.addService(Bench.service, {
  Echo: ({request}, answer) => answer(null, request),
  Objects: call => void Readable.from(items(call.request.count)).pipe(call),
  Buffers: call => void Readable.from(wrapped(call.request.count, call.request.bytes)).pipe(call),
  Echoes: call => void call.pipe(call),
});
server.bindAsync(`unix:${process.argv[2]}`, grpc.ServerCredentials.createInsecure(), error => {
  if (error) throw error;
  console.log('listens');
});
