// The other end of Cap'n Web.
import {parentPort} from 'node:worker_threads';
import {newMessagePortRpcSession, RpcTarget} from 'capnweb';
import {buffers, items} from '../../../dist/spec/bench/values.js';

/** As its page about streaming makes one of a generator. */
const streamOf = values =>
  new ReadableStream({
    pull(controller) {
      const {value, done} = values.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: () => void values.return(),
  });

class Api extends RpcTarget {
  echo(value) {
    return value;
  }

  objects(count) {
    return streamOf(items(count));
  }

  buffers(count, bytes) {
    return streamOf(buffers(count, bytes));
  }
}

parentPort.once('message', port => newMessagePortRpcSession(port, new Api()));
