// The other end of threads.js.
import {Observable} from 'threads/observable';
import {expose} from 'threads/worker';
import {buffers, items, numbers, records} from '../../../dist/spec/bench/values.js';

const observable = values =>
  new Observable(observer => {
    for (const value of values) observer.next(value);
    observer.complete();
  });

expose({
  echo: value => value,
  objects: count => observable(items(count)),
  numbers: count => observable(numbers(count)),
  records: count => observable(records(count)),
  operators: count => observable(items(count)).map(({id, name}) => ({id: id + 1, name})),
  buffers: (count, bytes) => observable(buffers(count, bytes)),
});
