// rsocket-js over a Unix socket: request-response, a stream with request-n, a channel. Its payloads are bytes; JSON makes them.
import {RSocketConnector} from 'rsocket-core';
import {TcpClientTransport} from 'rsocket-tcp-client';
import {items} from '../../../dist/spec/bench/values.js';
import {startEnd} from './process.mjs';

/** The number of values that are asked for at first, and again when half of them have come. */
const window = 1024;
const encode = value => ({data: Buffer.from(JSON.stringify(value))});
const decode = ({data}) => JSON.parse(data.toString());

export const subject = {
  open: async () => {
    const {path, end} = await startEnd('rsocket.end.mjs');
    const connector = new RSocketConnector({
      transport: new TcpClientTransport({connectionOptions: {path}}),
    });
    const rsocket = await connector.connect();
    return {
      call: value =>
        new Promise((resolve, reject) =>
          rsocket.requestResponse(encode(value), {
            onError: reject,
            onNext: payload => resolve(decode(payload)),
            onComplete: () => {},
            onExtension: () => {},
          }),
        ),
      streams: {
        'objects each': count =>
          received(
            take => rsocket.requestStream(encode({count}), window, take),
            item => decode(item).id,
          ),
        '64 KiB': count =>
          received(
            take => rsocket.requestStream(encode({count, bytes: 64 * 1024}), window, take),
            ({data}) => data.length + data[0] + data.at(-1),
          ),
        echo: count => echoes(rsocket, count),
      },
      close: async () => {
        rsocket.close();
        await end();
      },
    };
  },
};

function received(open, read) {
  return new Promise((resolve, reject) => {
    let sum = 0;
    let taken = 0;
    const requester = open({
      onError: reject,
      onNext: (payload, isComplete) => {
        sum += read(payload);
        if (++taken % (window / 2) === 0) requester.request(window / 2);
        if (isComplete) resolve(sum);
      },
      onComplete: () => resolve(sum),
      onExtension: () => {},
    });
  });
}

function echoes(rsocket, count) {
  const source = items(count);
  let sent = 1;
  return received(
    take => {
      const requester = rsocket.requestChannel(encode(source.next().value), window, count === 1, {
        ...take,
        request: n => {
          for (let left = n; left > 0 && sent < count; left--)
            requester.onNext(encode(source.next().value), ++sent === count);
        },
        cancel: () => {},
      });
      return requester;
    },
    item => decode(item).id,
  );
}
