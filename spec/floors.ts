// The checker behind floors.spec.ts: which files of lib import which, and what the house rules say to that.
// Above imports.ts; pure functions over path → source, so that it can be shown made-up trees.
import {type ImportLine, importsOf, tokensOf} from './imports.js';

/** Source by path beneath lib: `base/errors.ts`. */
export type Sources = ReadonlyMap<string, string>;

const maxLines = 400;

const floors: Readonly<Record<string, number>> = {
  base: 0,
  msg: 1,
  transport: 2,
  channel: 3,
  context: 4,
  actor: 5,
  nursery: 6,
  discovery: 6,
  fleet: 6,
  debugger: 7,
  window: 7,
  otel: 7,
  'main.ts': 8,
  'child.ts': 8,
  'thread.ts': 8,
  'remote-child.ts': 8,
  'boot-process.ts': 8,
  'boot-root.ts': 8,
  'boot-spawned.ts': 8,
  'process-events.ts': 8,
  'nodemon.ts': 8,
  'index.ts': 9,
  'rehearsal.ts': 9,
  testing: 9,
  cli: 10,
};

/** The rooms of a floor that has many files, and into which others of that floor each one leads. */
const rooms: Readonly<Record<string, readonly string[]>> = {
  'channel/handshake': [],
  'transport/relay': [],
  'context/flow': [],
  'context/protocol': ['context/flow'],
  'context/rx': ['context/protocol', 'context/flow'],
  'nursery/backends': [],
  'debugger/terminal': [],
  'debugger/frames': [],
  'debugger/prompt': ['debugger/terminal', 'debugger/frames'],
  'debugger/output': ['debugger/terminal'],
  'debugger/lock': ['debugger/terminal', 'debugger/prompt'],
  'testing/simulation': [],
  // The page runs in a browser, and shares types and pure functions with the command.
  'cli/page': ['cli'],
};

/** RxJS costs a process 70–110 ms and 12 MB: every actor stands on these floors, few need an Observable. */
const floorsWithoutRxjs = new Set([0, 1, 2, 3, 5, 6]);
/** On floor 4 one room alone loads RxJS: `context/rx`. */
const roomsWithoutRxjs = new Set(['context/flow', 'context/protocol']);

/** The one file that reads the time of the platform and sets its timers. */
const clockFile = 'base/clock.ts';
/** The testing kit puts functions of its own in the place of the platform's. */
const timeFiles = new Set([clockFile, 'testing/simulation/globals.ts']);
/** The one file that asks the platform for random numbers. */
const chanceFile = 'base/platform.ts';
const chanceFiles = new Set([chanceFile, 'testing/simulation/globals.ts']);
const chanceNames = new Set(['randomBytes', 'randomInt', 'randomUUID', 'getRandomValues']);
const timerNames = new Set([
  'setTimeout',
  'setInterval',
  'setImmediate',
  'clearTimeout',
  'clearInterval',
  'clearImmediate',
]);
const timerModules = /^(?:node:)?(?:timers|perf_hooks)(?:\/|$)/;

/** One sentence per broken rule; empty when the house stands. */
export function violations(sources: Sources): string[] {
  const imports = new Map([...sources].map(([path, source]) => [path, importsOf(source)]));
  const found: string[] = [];
  for (const [path, source] of sources) {
    found.push(
      ...wrongSize(path, source),
      ...wrongDoor(path, source),
      ...wrongTime(path, source),
      ...wrongChance(path, source),
      ...wrongImports(path, imports.get(path) ?? []),
    );
  }

  return [...found, ...circles(imports)];
}

function wrongSize(path: string, source: string): string[] {
  const lines = source.trimEnd().split('\n').length;
  return lines > maxLines ? [`${path} has ${lines} lines, more than ${maxLines}`] : [];
}

function wrongDoor(path: string, source: string): string[] {
  const tokens = path === 'index.ts' ? tokensOf(source) : [];
  return tokens.some((token, at) => token === 'export' && tokens.slice(at + 1, at + 3).includes('*'))
    ? ['index.ts uses `export *`: name what leaves the package']
    : [];
}

/** Each function of time that a file uses beside the clock, once. Comments and strings do not count. */
function wrongTime(path: string, source: string): string[] {
  if (timeFiles.has(path)) return [];
  const tokens = tokensOf(source);
  const used = tokens.flatMap((token, at) => {
    if (timerNames.has(token)) return [token];
    if (timerModules.test(token.slice(1, -1)) && /^['"]/.test(token)) return [token.slice(1, -1)];
    const isNow = (token === 'performance' || token === 'Date') && tokens[at + 1] === '.' && tokens[at + 2] === 'now';
    return isNow ? [`${token}.now`] : [];
  });
  return [...new Set(used)].map(name => `${path} uses ${name}: only ${clockFile} knows the time of the platform`);
}

/** Each function of chance that a file uses beside the platform's door, once. The door's own functions are called as `platform.randomBytes`. */
function wrongChance(path: string, source: string): string[] {
  if (chanceFiles.has(path)) return [];
  const tokens = tokensOf(source);
  const used = tokens.flatMap((token, at) => {
    const owner = tokens[at - 1] === '.' ? tokens[at - 2] : undefined;
    if (token === 'random' && owner === 'Math') return ['Math.random'];
    return chanceNames.has(token) && owner !== 'platform' ? [token] : [];
  });
  return [...new Set(used)].map(
    name => `${path} uses ${name}: only ${chanceFile} asks the platform for random numbers`,
  );
}

function wrongImports(path: string, imports: readonly ImportLine[]): string[] {
  const floor = floorOf(path);
  if (floor === undefined) {
    return [`${path} stands on no floor: add its folder to spec/floors.ts`];
  }

  return imports.flatMap(({specifier, typeOnly}) => {
    if (/^rxjs(\/|$)/.test(specifier)) {
      const room = roomOf(path) ?? '';
      if (typeOnly || !(floorsWithoutRxjs.has(floor) || roomsWithoutRxjs.has(room))) return [];
      const where = roomsWithoutRxjs.has(room) ? room : `floor ${floor}`;
      return [`${path} loads ${specifier}: ${where} may import its types only`];
    }

    const target = targetOf(path, specifier);
    if (target === undefined) {
      return [];
    }

    const targetFloor = floorOf(target);
    if (targetFloor === undefined) {
      return [`${path} imports ${specifier}, which is on no floor of lib`];
    }

    if (targetFloor > floor) return [`${path} (floor ${floor}) imports ${target} (floor ${targetFloor}): upward`];
    return isClosed(path, target) ? [`${path} imports ${target}: no door leads there from ${roomOf(path)}`] : [];
  });
}

/** Files that stand in no room of their floor may go into each. A room may go to them where it lists the floor itself. */
function isClosed(path: string, target: string): boolean {
  const [room, targetRoom] = [roomOf(path), roomOf(target)];
  const [top] = path.split('/') as [string];
  if (top !== target.split('/')[0] || room === targetRoom) return false;
  return room !== undefined && !rooms[room]?.includes(targetRoom ?? top);
}

function roomOf(path: string): string | undefined {
  const folders = path.split('/').slice(0, -1);
  return folders.length > 1 ? folders.slice(0, 2).join('/') : undefined;
}

function floorOf(path: string): number | undefined {
  const top = path.split('/')[0] ?? '';
  return Object.hasOwn(floors, top) ? floors[top] : undefined;
}

/** The file of lib that an import means; undefined for packages and Node's own modules. */
function targetOf(path: string, specifier: string): string | undefined {
  if (specifier === 'rxtractor') {
    return 'index.ts';
  }

  if (!specifier.startsWith('.')) {
    return;
  }

  const parts = path.split('/').slice(0, -1);
  for (const part of specifier.replace(/\.js$/, '.ts').split('/')) {
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') {
      parts.pop();
    } else if (part !== '.') {
      parts.push(part);
    }
  }

  return parts.join('/');
}

/** Each circle once, as the path that closes it. Depth first; a file that led to no circle is not walked again. */
function circles(imports: ReadonlyMap<string, readonly ImportLine[]>): string[] {
  const done = new Set<string>();
  const found: string[] = [];
  const walk = (path: string, above: readonly string[]): void => {
    if (above.includes(path)) {
      found.push(`circle: ${[...above.slice(above.indexOf(path)), path].join(' → ')}`);
      return;
    }

    if (done.has(path)) {
      return;
    }

    for (const {specifier} of imports.get(path) ?? []) {
      const target = targetOf(path, specifier);
      if (target !== undefined) {
        walk(target, [...above, path]);
      }
    }

    done.add(path);
  };

  for (const path of imports.keys()) {
    walk(path, []);
  }

  return [...new Set(found)];
}
