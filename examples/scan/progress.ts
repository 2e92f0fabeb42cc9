/**
 * How far the scan is: a bar on a terminal, the root's memory at each tenth with `--memory`, else nothing.
 * Beside `survey`, whose figures it shows; all it writes goes to stderr.
 */
import {setImmediate as nextTurn} from 'node:timers/promises';
import {SingleBar} from 'cli-progress';
import type {Path} from './path.js';
import type {Survey} from './survey.js';

export interface Progress {
  /** The scan must not begin before it. */
  readonly ready: Promise<unknown>;
  /** At each finding. */
  step(): void;
  /** Leaves the terminal as it was. */
  stop(): void;
}

/** `walkAgain` makes a walk to count: the scan's own is lazy and does not know how long it is. */
export function openProgress(
  survey: Survey,
  walkAgain: () => Iterable<Path>,
  options: {readonly memory: boolean},
  signal: AbortSignal,
): Progress {
  if (options.memory) return openMemorySteps(survey, countOf(walkAgain(), signal));
  if (process.stderr.isTTY) return openBar(survey, countOf(walkAgain(), signal));
  return {ready: Promise.resolve(), step: () => undefined, stop: () => undefined};
}

// A slice at a time, so that the rest of the root goes on meanwhile.
async function countOf(walk: Iterable<Path>, signal: AbortSignal): Promise<number> {
  let count = 0;
  for (const _ of walk) {
    count += 1;
    if (count % 500 === 0) await nextTurn(undefined, {signal});
  }

  return count;
}

// Redraws by the clock: a scan of small files would otherwise draw all the time.
function openBar(survey: Survey, counting: Promise<number>): Progress {
  let total: number | undefined;
  const bar = new SingleBar({
    format: '{bar}  {state}',
    stream: process.stderr,
    hideCursor: false,
    clearOnComplete: true,
    // The runtime owns the signals.
    gracefulExit: false,
  });
  const draw = (): void => {
    const {files, unreadable, seconds} = survey.summary();
    const done = files + unreadable;
    bar.update(total === undefined ? 0 : Math.min(done, total), {state: stateOf(done, total, seconds)});
  };
  bar.start(1, 0, {state: 'starting'});
  const timer = setInterval(draw, 100);
  counting
    .then(count => {
      total = count;
      bar.setTotal(count);
    })
    // Without a total there is no estimate, and that is all that is lost.
    .catch(() => undefined);
  return {
    ready: Promise.resolve(),
    step: () => undefined,
    stop() {
      clearInterval(timer);
      bar.stop();
    },
  };
}

function stateOf(done: number, total: number | undefined, seconds: number): string {
  const rate = done / Math.max(seconds, 0.001);
  const speed = `${Math.round(rate)} files/s`;
  if (total === undefined || done === 0) return `${done} files  ${speed}`;
  return `${done}/${total} files  ${speed}  ${Math.ceil(Math.max(0, total - done) / rate)} s left`;
}

function openMemorySteps(survey: Survey, counting: Promise<number>): Progress {
  let total = Number.POSITIVE_INFINITY;
  let tenth = 1;
  const ready = counting.then(count => {
    total = count;
  });
  return {
    ready,
    step() {
      for (; tenth <= 10 && survey.met * 10 >= tenth * total; tenth += 1) {
        const rss = (process.memoryUsage.rss() / 1e6).toFixed(1);
        process.stderr.write(`memory ${String(tenth * 10).padStart(3)} %  ${survey.met} files  rss ${rss} MB\n`);
      }
    },
    stop() {
      const {contents} = survey;
      if (!contents) return;
      const each = (contents.bytes / Math.max(1, contents.size)).toFixed(1);
      process.stderr.write(`memory  table of contents ${contents.bytes} bytes, ${each} for each of ${contents.size}\n`);
    },
  };
}
