import {openNursery} from 'rxtractor';
import {countTo, double, nameOf} from './functions.mjs';

export const backends = ['process', 'thread', 'inline'];
/** For machines that do much else. */
export const patient = {timeouts: {spawn: 60_000}};

/** The answers of an actor, as one text. */
export async function answersIn(nursery, backend) {
  const portal = await nursery.startActor('worker', {backend, expose: [nameOf, double, countTo]});
  const counted = [];
  for await (const value of portal.stream(countTo, 3)) counted.push(value);
  return [await portal.run(nameOf, '/a/b.mjs'), await portal.run(double, 21), ...counted].join(' ');
}

export const answers = backend => openNursery(nursery => answersIn(nursery, backend), patient);
