/**
 * The actor: paths in, findings out, in order, one file at a time.
 * Loaded by every actor of `main`; `inspect` does the work for one path.
 *
 * The stage pulls: it asks for a path when it has given the finding of the one before, so that an actor takes paths as
 * fast as it works and holds none beyond its window. With `mergeMap` it would take all it can get.
 */
import {setImmediate as nextTurn} from 'node:timers/promises';
import {operator, type RemoteStream} from 'rxtractor';
import {openInspector, type Result} from './inspect.js';
import type {Path} from './path.js';

/** The failure on demand, to see how a failure ends the tree: an exception or a SIGKILL at the `at`th file. */
export interface Fault {
  readonly kind: 'fail' | 'kill';
  readonly at: number;
}

export const scan = operator((paths: RemoteStream<Path>, fault?: Fault) => findings(paths, fault));

/** Longer than this without a turn of the event loop, and a cancellation or the parent's end would wait to be heard. */
const turnMs = 10;

async function* findings(
  paths: AsyncIterable<Path>,
  fault: Fault | undefined,
): AsyncGenerator<Result, void, undefined> {
  const inspect = openInspector();
  let count = 0;
  let turned = performance.now();
  for await (const path of paths) {
    count += 1;
    if (fault?.at === count) strike(fault);
    yield await inspect(path);
    if (performance.now() - turned < turnMs) continue;
    await nextTurn();
    turned = performance.now();
  }
}

function strike({kind, at}: Fault): void {
  if (kind === 'kill') process.kill(process.pid, 'SIGKILL');
  throw new Error(`asked to fail at file ${at}`);
}
