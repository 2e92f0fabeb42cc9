import {task} from 'rxtractor';

// Each entry of a bundle gets a copy of this module: the name says that all of them are one function.
export const triple = task(value => 3 * value, {name: 'tools/triple'});
