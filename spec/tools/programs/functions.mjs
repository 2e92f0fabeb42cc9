// The functions of actors: in a module of their own, which does nothing else when it is imported.
import {basename} from 'node:path';
import {stream, task} from 'rxtractor';

export const nameOf = task(path => basename(path, '.mjs'));
export const double = task(value => 2 * value);
export const countTo = stream(function* (last) {
  for (let value = 1; value <= last; value++) yield value;
});
