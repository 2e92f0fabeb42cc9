// A program and what its actors offer, to be bundled.
import {main} from 'rxtractor';
import {answersIn, backends, patient} from './answers.mjs';

await main(async nursery => {
  for (const backend of backends) console.log(await answersIn(nursery, backend));
}, patient);
