/**
 * The one thing that the agent finds in the main thread: where it puts a value for Node's `inspect` to show, and `held`.
 * Floor 7: below `agent` (which makes it, in the main thread) and `inspected` (which uses it, from the agent's).
 */
import {inspect} from 'node:util';

export const inspectorSlot = 'rxtractor/debugger/slot';

interface Slot {
  value: unknown;
  show(): string;
  /** What the agent talks to while the thread stands in the call of a breakpoint. */
  readonly held: object | undefined;
}

/** In the main thread, before it is stopped. Nothing is kept alive by it once it has been shown. */
export function makeSlot(columns: number, held?: object): void {
  const slot: Slot = {
    value: undefined,
    held,
    show() {
      const {value} = slot;
      slot.value = undefined;
      return inspect(value, {breakLength: Math.max(40, columns - 2)});
    },
  };
  Object.defineProperty(globalThis, Symbol.for(inspectorSlot), {value: slot, configurable: true, enumerable: false});
}
