// The server of rsocket-js.
import {RSocketServer} from 'rsocket-core';
import {TcpServerTransport} from 'rsocket-tcp-server';
import {buffers, items} from '../../../dist/spec/bench/values.js';

const encode = value => ({data: Buffer.from(JSON.stringify(value))});

function* payloads({count, bytes}) {
  if (bytes === undefined) for (const item of items(count)) yield encode(item);
  else for (const buffer of buffers(count, bytes)) yield {data: Buffer.from(buffer.buffer)};
}

/** Gives as many as have been asked for. */
function pull(source, count, first, stream) {
  let sent = 0;
  let isCancelled = false;
  const give = n => {
    for (let left = n; left > 0 && sent < count && !isCancelled; left--)
      stream.onNext(source.next().value, ++sent === count);
  };
  // Not before the caller has what this function returns.
  queueMicrotask(() => give(first));
  return {
    request: give,
    cancel: () => {
      isCancelled = true;
    },
    onExtension: () => {},
  };
}

const server = new RSocketServer({
  transport: new TcpServerTransport({listenOptions: {path: process.argv[2]}}),
  acceptor: {
    accept: async () => ({
      requestResponse: ({data}, stream) => {
        stream.onNext({data}, true);
        return {cancel: () => {}, onExtension: () => {}};
      },
      requestStream: ({data}, first, stream) => {
        const asked = JSON.parse(data.toString());
        return pull(payloads(asked), asked.count, first, stream);
      },
      requestChannel: (payload, first, isComplete, stream) => {
        // Each value that comes is given back, and as much is asked for as the caller asks for.
        const give = ({data}, isLast) => stream.onNext({data}, isLast);
        queueMicrotask(() => {
          give(payload, isComplete);
          if (!isComplete) stream.request(first - 1);
        });
        return {
          onNext: give,
          onComplete: () => stream.onComplete(),
          onError: error => stream.onError(error),
          onExtension: () => {},
          request: n => stream.request(n),
          cancel: () => {},
        };
      },
    }),
  },
});
await server.bind();
console.log('listens');
