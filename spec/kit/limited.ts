// AVA's test function for specs that wait for processes, connections or files: what hangs fails, and under its own title.
// Below spawning.ts. A spec that starts processes uses that one.
//
// AVA alone ends a hung file only when no other file moves either, so that a hung test would hold one of its places until the end of the run.
// And AVA has no limit at all for teardowns.
import ava, {type ExecutionContext, type SerialFn, type TestFn} from 'ava';

/** Several times what the longest test takes on a starved machine. A test that sets a time of its own has that. */
const hungMs = 3 * 60_000;
/** A teardown ends what the test has left, by force. Longer than `eventually` waits, which says more. */
const hungTeardownMs = 2.5 * 60_000;
/** How long the file may go on after its last test when something of it hangs. */
const lastMs = 10_000;

type Declare = (...args: readonly unknown[]) => void;
type Implementation = (t: ExecutionContext, ...args: unknown[]) => unknown;

/** The tests, hooks and teardowns that have begun and not ended. */
let running = 0;

/** Tests that run one at a time. */
export const serialTest = Object.assign(limited(ava.serial as Declare), members()) as unknown as SerialFn &
  Pick<TestFn, 'macro'>;
/** In the place of AVA's own: tests of a file run beside one another. */
export const test = Object.assign(limited(ava as Declare), members(), {serial: serialTest}) as unknown as TestFn;

ava.after.always('a test that hangs does not hold its process', () => {
  if (running > 0) setTimeout(() => process.exit(1), lastMs).unref();
});

function members(): object {
  const {skip, only, failing, before, after, beforeEach, afterEach} = ava.serial;
  const hooks = Object.entries({before, after, beforeEach, afterEach}).map(([name, hook]) => [name, limitedHook(hook)]);
  return {macro: ava.macro, skip, only, failing, ...Object.fromEntries(hooks)};
}

function limitedHook(hook: object): Declare {
  const {always, skip} = hook as {always?: Declare; skip: Declare};
  return Object.assign(limited(hook as Declare), {skip}, always && {always: limited(always)});
}

/** The same declaration, of a test or a hook that has a limit. */
function limited(declare: Declare): Declare {
  return (...args) => {
    const at = typeof args[0] === 'string' ? 1 : 0;
    const given = args[at] as Implementation | {exec: Implementation};
    const wrapped =
      typeof given === 'function' ? withLimits(given) : {...(given as object), exec: withLimits(given.exec)};
    declare(...args.slice(0, at), wrapped, ...args.slice(at + 1));
  };
}

function withLimits(exec: Implementation): Implementation {
  return (t, ...args) => {
    t.timeout(hungMs, `it hangs: it has asserted nothing for ${hungMs / 60_000} minutes`);
    limitTeardowns(t);
    return counted(() => exec(t, ...args));
  };
}

function limitTeardowns(t: ExecutionContext): void {
  const {teardown} = t;
  const limitedTeardown = (work: () => unknown): void => teardown(() => within(hungTeardownMs, counted(work)));
  Object.assign(t, {teardown: limitedTeardown});
}

async function counted(work: () => unknown): Promise<void> {
  running++;
  try {
    await work();
  } finally {
    running--;
  }
}

/** @throws when the work has not ended by then */
async function within(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`a teardown hangs: it has not ended within ${ms / 1_000} s`)), ms);
  });
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}
