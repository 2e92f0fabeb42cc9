/**
 * The arguments of the program (`process.argv`), of which each actor without a process has its own.
 * Floor 9, room `simulation`: pure; `globals` takes them for a simulation, `test-nursery` for its actors.
 */
import type {Stop} from '../../base/clock.js';

type Say = () => string[] | undefined;

const sayers = new Set<Say>();
let giveBack: Stop = () => {};

/** Lets `say` tell the arguments of the code that runs now; undefined where it does not know. Returns how to stop. */
export function argumentsAreSaidBy(say: Say): Stop {
  if (sayers.size === 0) giveBack = replaceArguments();
  sayers.add(say);
  return () => {
    if (sayers.delete(say) && sayers.size === 0) giveBack();
  };
}

/** `process.argv` of an actor whose process would have these arguments. */
export function argumentsOf(argv: readonly string[]): string[] {
  return [process.execPath, 'rxtractor', ...argv];
}

function replaceArguments(): Stop {
  const before = Object.getOwnPropertyDescriptor(process, 'argv') as PropertyDescriptor;
  const own = process.argv;
  Object.defineProperty(process, 'argv', {configurable: true, enumerable: true, get: () => said() ?? own});
  return () => Object.defineProperty(process, 'argv', before);
}

function said(): string[] | undefined {
  for (const say of sayers) {
    const argv = say();
    if (argv) return argv;
  }
  return undefined;
}
