/**
 * Sends a source into a remote stage, as `portal.operator` needs it.
 * Floor 5: below `portal`.
 */
import type {FlowOptions} from '../context/flow/options.js';
import type {Caller} from '../context/protocol/caller.js';
import {pump} from '../context/rx/pump.js';
import type {Source} from '../context/rx/source.js';

/** An error of the source goes to the stage, which may handle it; the call goes on. */
export function feedStage(caller: Caller, flow: FlowOptions, source: Source<unknown>): void {
  const outlet = caller.link.halves.makeOutlet(flow);
  pump(caller.link, outlet, source).then(
    () => outlet.stop(),
    (error: unknown) => {
      // When the outlet was closed before, the failure comes from the outcome of the call, and not from the source.
      if (outlet.closed) return;
      caller.sourceError = {error};
      outlet.stop({error});
    },
  );
}
