// A test of a tree in virtual time, and one in real time: for the test runners.
import {openNursery, sleep, task} from 'rxtractor';
import {simulate, testNursery} from 'rxtractor/testing';

const doze = task(async ms => {
  await sleep(ms);
  await new Promise(resolve => setTimeout(resolve, ms));
  return Date.now();
});

const dozing = nursery => nursery.startActor('worker', {expose: [doze]}).then(portal => portal.run(doze, 1));

export const virtual = async () => {
  const hour = 3_600_000;
  const times = await simulate(
    async world => {
      const date = await openNursery(async nursery => {
        const portal = await nursery.startActor('worker', {expose: [doze]});
        return portal.run(doze, hour / 4);
      });
      return [world.now() / hour, new Date(date).toISOString()];
    },
    {check: true},
  );
  return times.join(' ');
};

export const real = async () => (await testNursery(dozing)) > Date.UTC(2020);
