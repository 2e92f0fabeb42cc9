/**
 * Two programs share one service: the second program joins the list of the first over TCP, and finds the service by name.
 *
 *   root     the first program; it starts the second with an address and a secret
 *   └── counter
 *   guest    the second program
 *   └── visitor ── counter
 *
 * It prints:
 *
 *   counter says 1 to the first program
 *   counter says 2 to the visitor
 *   known to the guest: root counter guest visitor
 *   the guest has gone: root counter
 */
import {spawn} from 'node:child_process';
import {randomBytes} from 'node:crypto';
import {fileURLToPath} from 'node:url';
import {filter, firstValueFrom} from 'rxjs';
import {addresses, listActors, main, task, waitForActor, watchActors} from 'rxtractor';

let count = 0;
export const next = task(() => ++count);

export const visit = task(async () => {
  await using counter = await waitForActor('counter');
  return `counter says ${await counter.run(next)} to the visitor`;
});

const known = async () => (await listActors()).map(({name}) => name).join(' ');

const first = (secret: string) =>
  main(
    async nursery => {
      const counter = await nursery.startActor('counter', {expose: [next]});
      console.log(`counter says ${await counter.run(next)} to the first program`);
      const REGISTRY = (await addresses()).find(address => address.startsWith('tcp:'));
      // Not on the command line, which everybody can read.
      const env = {...process.env, REGISTRY, SECRET: secret};
      spawn(process.execPath, [fileURLToPath(import.meta.url)], {env, stdio: 'inherit'});
      await firstValueFrom(watchActors().pipe(filter(({type, actor}) => type === 'ended' && actor.name === 'guest')));
      console.log('the guest has gone:', await known());
    },
    {name: 'root', listen: ['tcp://127.0.0.1:0'], secret},
  );

const second = (registry: string, secret: string) =>
  main(
    async nursery => {
      const visitor = await nursery.startActor('visitor', {expose: [visit]});
      console.log(await visitor.run(visit));
      console.log('known to the guest:', await known());
    },
    {name: 'guest', registry, secret},
  );

const {REGISTRY, SECRET} = process.env;
await (REGISTRY && SECRET ? second(REGISTRY, SECRET) : first(randomBytes(32).toString('hex')));
