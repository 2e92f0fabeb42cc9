/**
 * The moves that may happen in the model, and one run of it: a script of numbers picks among what is possible at each step.
 * Above model.ts. Whatever the script has left open is then delivered, consumed and settled within so many rounds.
 */
import {ContextCancelled} from '../../../lib/base/errors.js';
import {Hand, must, type Setup, type Side, World} from './model.js';

interface Move {
  readonly name: string;
  /** How often it is picked, beside the others that are possible. */
  readonly weight: number;
  /** Spoils what would go on: a run has only so many of these. */
  readonly fault?: true;
  readonly possible: (world: World) => boolean;
  /** @param size some number of the script's, for moves that come in sizes */
  readonly perform: (world: World, size: number) => void | Promise<void>;
}

function isFresh({callee: {end}}: World): boolean {
  return end !== undefined && !end.link.dialog.started && end.link.dialog.terminal === 'none' && !end.link.dialog.lost;
}

/** Whether what this side calls of its stream is a legal program. */
function mayUse(world: World, side: Side): boolean {
  return side === world.callee ? world.running : side.end !== undefined;
}

function mayOpen(world: World, side: Side): boolean {
  if (side.opened || !mayUse(world, side)) return false;
  if (side === world.callee)
    return world.setup.kind === 'context' && world.callee.end?.link.dialog.started === true && !world.scope.cancelled;
  const {setup, caller, callee} = world;
  if (setup.opensLate && caller.terminalSent === undefined && callee.terminalSent === undefined) return false;
  const outcome = side.end?.link.outcome;
  return !(outcome?.kind === 'failed' && outcome.error instanceof ContextCancelled);
}

function movesOf(name: 'caller' | 'callee'): Move[] {
  const may = (world: World): boolean => mayUse(world, world[name]);
  const maySend = (world: World): boolean => may(world) && world[name].outlet?.closed === undefined;
  return [
    {
      name: `${name} hears`,
      weight: 12,
      possible: world => world[name].hears.ordered.length > 0,
      perform: world => world.hear(world[name], 'ordered'),
    },
    {
      name: `${name} hears what passes`,
      weight: 6,
      possible: world => world[name].hears.mayPass,
      perform: world => world.hear(world[name], 'urgent'),
    },
    {
      name: `${name} hears all`,
      weight: 3,
      possible: world => !world[name].hears.empty,
      perform: world => hearAll(world, world[name]),
    },
    {
      name: `${name} hears the end of the channel`,
      weight: 6,
      possible: world => world[name].hears.empty && world[name].hears.ends,
      perform: world => world.lose(world[name], false),
    },
    {
      name: `${name} opens`,
      weight: 5,
      possible: world => mayOpen(world, world[name]),
      perform: world => world.open(world[name]),
    },
    {
      name: `${name} sends`,
      weight: 6,
      possible: world => maySend(world) && world[name].opened,
      perform: (world, size) => world.offer(world[name], 'send', lengthOf(size)),
    },
    {
      name: `${name} pushes`,
      weight: 6,
      possible: world => maySend(world) && world[name].opened,
      perform: (world, size) => world.offer(world[name], 'push', lengthOf(size)),
    },
    {
      name: `${name} sends too late`,
      weight: 1,
      possible: world => may(world) && world[name].outlet?.closed !== undefined,
      perform: (world, size) => {
        world.cover('send on a closed stream');
        world.offer(world[name], size % 2 === 0 ? 'push' : 'send', lengthOf(size));
      },
    },
    {
      name: `${name} stops`,
      weight: 1,
      possible: world => maySend(world) && world[name].opened,
      perform: (world, size) => {
        world.cover(`stop by the ${name}`);
        world[name].mayClose = true;
        world[name].outlet?.stop(size % 4 === 0 ? {error: new Error('its source failed')} : undefined);
      },
    },
    {
      name: `${name} closes`,
      weight: 1,
      fault: true,
      possible: world => world.setup.kind === 'context' && may(world) && world[name].opened,
      perform: world => {
        const side = world[name];
        if (side.end?.link.outcome === undefined && !side.ownClose) world.cover(`close by the ${name}`);
        side.ownClose = true;
        side.mayClose = true;
        side.mayEnd = true;
        side.end?.link.halves.close();
      },
    },
    {
      name: `${name} fails`,
      weight: 1,
      fault: true,
      possible: world => may(world) && world[name].end?.link.outcome === undefined,
      perform: world => {
        world.cover(`error by the ${name}`);
        if (name === 'callee') world.mayAbort = true;
        world[name].end?.link.fail(new Error(`the ${name} failed`));
      },
    },
    {
      name: `${name} attaches`,
      weight: 6,
      possible: world => may(world) && world[name].opened && world[name].hand === undefined,
      perform: world => attach(world[name]),
    },
    {
      name: `${name} takes`,
      weight: 12,
      possible: world => world[name].hand !== undefined && world[name].hand?.sawEnd === undefined,
      perform: world => void world.take(world[name]),
    },
    {
      name: `${name} lets go`,
      weight: 1,
      possible: world => world[name].hand !== undefined,
      perform: world => letGo(world[name]),
    },
    {
      name: `${name} loses the link`,
      weight: 1,
      fault: true,
      possible: world => !world[name].channel.closed && world.setup.losses,
      perform: (world, size) => {
        const cut = size % 2 === 0;
        world.cover(`link lost by the ${name}`);
        if (cut && !world[name].channel.out.empty) world.cover('link cut with messages on it');
        world.lose(world[name], cut);
      },
    },
  ];
}

const moves: readonly Move[] = [
  ...movesOf('caller'),
  ...movesOf('callee'),
  {
    name: 'a turn ends',
    weight: 10,
    possible: () => true,
    perform: turn,
  },
  {
    name: 'callee started',
    weight: 20,
    possible: world => world.setup.kind === 'context' && world.running && isFresh(world),
    perform: world => {
      world.callee.end?.start('first');
    },
  },
  {
    name: 'caller asks for the result',
    weight: 1,
    possible: world => !world.drains,
    perform: world => world.drain(),
  },
  {
    name: 'caller cancels',
    weight: 2,
    fault: true,
    possible: world => world.cancels.length < 2,
    perform: world => {
      world.cover(world.cancels.length === 0 ? 'cancel by the caller' : 'second cancel');
      world.cancel();
    },
  },
  {
    name: 'caller unsubscribes',
    weight: 1,
    fault: true,
    possible: world => world.setup.kind === 'operator' && world.caller.end?.link.outcome === undefined,
    perform: world => {
      world.cover('unsubscription');
      world.unsubscribe();
    },
  },
  {
    name: 'the time of the call is over',
    weight: 4,
    fault: true,
    possible: world => world.deadline !== undefined,
    perform: world => {
      world.cover('deadline at the caller');
      world.expire();
    },
  },
  {
    name: 'the time of the call is over at the callee',
    weight: 1,
    fault: true,
    possible: world => world.setup.isTimed && world.running && !world.scope.cancelled,
    perform: world => {
      world.cover('deadline at the callee');
      world.expireThere();
    },
  },
  {
    name: 'the time of the cancels is over',
    weight: 1,
    possible: world => world.timers.length > 0,
    perform: world => world.jump(),
  },
  {
    name: 'callee cancels itself',
    weight: 1,
    fault: true,
    possible: world => world.running && !world.scope.cancelled,
    perform: world => {
      world.cover('cancel by the callee');
      world.cancelSelf();
    },
  },
  {
    name: 'the function returns',
    weight: 1,
    possible: world => world.running,
    perform: world => {
      world.cover(world.scope.cancelled ? 'cancel absorbed' : 'return');
      world.settles('return');
    },
  },
  {
    name: 'the function throws',
    weight: 1,
    fault: true,
    possible: world => world.running,
    perform: world => {
      world.cover('throw');
      world.settles('throw', new Error('thrown'));
    },
  },
  {
    name: 'the function lets its cancellation through',
    weight: 4,
    possible: world => world.running && world.scope.cancelled !== undefined,
    perform: world => world.settles('throw', world.scope.cancelled),
  },
];

/** The moves of a run: numbers that pick among what is possible, or the very moves, as a trace names them. */
export type Script = readonly number[] | readonly string[];

/** @throws Error with the trace of what happened, when something does not hold */
export async function play(setup: Setup, script: Script, cover: (what: string) => void = () => {}): Promise<void> {
  const trace: string[] = [];
  const world = new World(setup, cover);
  try {
    for (const entry of script) {
      const {move, size} = typeof entry === 'number' ? pick(world, entry) : named(world, entry);
      trace.push(move.perform.length > 1 ? `${move.name} (${size})` : move.name);
      if (move.fault) world.faultsLeft--;
      const made = move.perform(world, size);
      if (made) await made;
      world.check();
    }
    await finish(world);
    world.checkEnd();
  } catch (thrown) {
    const error = world.broken ?? thrown;
    throw new Error(`${(error as Error).message}\n  after: ${trace.join(', ')}`, {cause: error});
  }
}

function pick(world: World, number: number): {readonly move: Move; readonly size: number} {
  let total = 0;
  const possible: Move[] = [];
  for (const move of moves) {
    if ((move.fault && world.faultsLeft <= 0) || !move.possible(world)) continue;
    total += move.weight;
    possible.push(move);
  }
  let left = number % total;
  for (const move of possible) {
    left -= move.weight;
    if (left < 0) return {move, size: Math.floor(number / total) % 40};
  }
  throw new Error('nothing is possible');
}

/** @param name as in a trace: `callee pushes (12)` */
function named(world: World, name: string): {readonly move: Move; readonly size: number} {
  const [, plain, size = '0'] = /^(.*?)(?: \((\d+)\))?$/.exec(name) ?? [];
  const move = moves.find(({name: known}) => known === plain);
  must(move?.possible(world) === true, `${name} is not possible here`);
  return {move, size: Number(size)};
}

/** Links deliver, readers read, the function ends: in so many rounds everything must be over. */
async function finish(world: World): Promise<void> {
  const {caller, callee} = world;
  const waits = caller.offered + callee.offered;
  for (let round = 0; !isQuiet(world); round++) {
    must(round < 20 + 4 * waits, 'no progress: the links deliver, nobody stalls, and it is not over');
    for (const side of [caller, callee]) {
      hearAll(world, side);
      if (side.hears.empty && side.hears.ends) world.lose(side, false);
      if (side.opened && !side.hand) attach(side);
      while (world.take(side)) world.check();
    }
    if (round === 3) world.drain();
    if (round === 6 && world.running) {
      if (world.scope.cancelled) world.settles('throw', world.scope.cancelled);
      else world.settles('return');
    }
    await turn();
    world.check();
  }
  for (const side of [caller, callee]) while (world.take(side)) world.check();
}

function isQuiet({caller, callee, running, cancels}: World): boolean {
  const isThrough = (side: Side): boolean =>
    side.hears.empty && !side.hears.ends && side.channel.endpoint === undefined && side.outcomes.length > 0;
  return (
    !running &&
    isThrough(caller) &&
    (callee.end === undefined || isThrough(callee)) &&
    cancels.every(({answer}) => answer !== undefined)
  );
}

function hearAll(world: World, side: Side): void {
  while (!side.hears.empty) {
    if (side.hears.mayPass) world.hear(side, 'urgent');
    else world.hear(side, 'ordered');
  }
}

function attach(side: Side): void {
  side.hand = new Hand();
  side.inlet?.attach(side.hand);
}

function letGo(side: Side): void {
  if (side.hand) side.inlet?.detach(side.hand);
  side.hand = undefined;
}

/** Most values are small; some are larger than a window. */
function lengthOf(size: number): number {
  return size % 8 === 0 ? 60 : 12 + (size % 5);
}

/** Long enough for every promise that waits for another. */
async function turn(): Promise<void> {
  for (let i = 0; i < 12; i++) await undefined;
}
