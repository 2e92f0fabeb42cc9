/**
 * Actors chat with each other: each one finds the others by name, and their lines do not pass through the root.
 *
 *   root
 *   ├── ann ── ben, cem
 *   ├── ben ── ann, cem
 *   └── cem ── ann, ben
 *
 * It prints:
 *
 *   ann heard: ben says hello, ben says bye, cem says hello, cem says bye
 *   ben heard: ann says hello, ann says bye, cem says hello, cem says bye
 *   cem heard: ann says hello, ann says bye, ben says hello, ben says bye
 */
import {filter, from, mergeMap, take} from 'rxjs';
import {type CalleeContext, context, currentActor, main, task, waitForActor, watchActors} from 'rxtractor';

const heard = new Map<string, string[]>();

/** Another peer talks to this one, over a stream of its own. */
export const hear = context(async (ctx: CalleeContext<string, never, void>) => {
  ctx.started.next();
  const lines: string[] = [];
  heard.set(ctx.peer.name, lines);
  await ctx.openStream().consume(line => void lines.push(`${ctx.peer.name} says ${line}`));
});

/** Talks to each of the others once that one is there. */
export const chat = task(async (lines: string[], peers: number) => {
  const others = watchActors().pipe(
    filter(({type, actor}) => (type === 'present' || type === 'registered') && actor.name !== 'root'),
    take(peers),
    filter(({actor}) => actor.id !== currentActor().id),
    mergeMap(({actor}) => from(say(actor.name, lines))),
  );
  await others.forEach(() => {});
});

async function say(name: string, lines: string[]): Promise<void> {
  await using portal = await waitForActor(name);
  const context = await portal.openContext(hear);
  await context.openStream().pump(lines);
  await context.result();
}

export const transcript = task(() => [...heard].sort().flatMap(([, lines]) => lines));

await main(
  async nursery => {
    const names = ['ann', 'ben', 'cem'];
    const peers = await Promise.all(names.map(name => nursery.startActor(name, {expose: [hear, chat, transcript]})));
    await Promise.all(peers.map(peer => peer.run(chat, ['hello', 'bye'], peers.length)));
    for (const peer of peers) console.log(`${peer.actor.name} heard: ${(await peer.run(transcript)).join(', ')}`);
  },
  {name: 'root'},
);
