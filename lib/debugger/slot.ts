/**
 * The one thing that the agent finds in the main thread: where it puts a value for Node's `inspect` to show, and what it
 * has done there.
 * Floor 7: below `agent` (which makes it, in the main thread) and `inspected` (which uses it, from the agent's).
 */
import {open, url} from 'node:inspector';
import {inspect} from 'node:util';

export const inspectorSlot = 'rxtractor/debugger/slot';

interface Slot {
  value: unknown;
  show(): string;
  /** Opens Node's own inspector for others, and gives its address. */
  devtools(): string | undefined;
}

/** In the main thread, before it is stopped. Nothing is kept alive by it once it has been shown. */
export function makeSlot(columns: number): void {
  const slot: Slot = {
    value: undefined,
    show() {
      const {value} = slot;
      slot.value = undefined;
      return inspect(value, {breakLength: Math.max(40, columns - 2)});
    },
    devtools() {
      // A free port, of this host alone.
      if (url() === undefined) open(0, '127.0.0.1');
      return url();
    },
  };
  Object.defineProperty(globalThis, Symbol.for(inspectorSlot), {value: slot, configurable: true, enumerable: false});
}
