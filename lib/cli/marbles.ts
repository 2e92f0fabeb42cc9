/**
 * `rxtractor marbles`: the values that go through the streams of an actor, live.
 * Floor 10: a command. `draw-marbles` draws them, `full-screen` has the terminal.
 */
import {
  endWith,
  ignoreElements,
  interval,
  map,
  merge,
  type Observable,
  shareReplay,
  takeUntil,
  takeWhile,
  tap,
} from 'rxjs';
import {hostMicros} from '../base/clock.js';
import type {Mark} from '../discovery/tree-marks.js';
import {actorsIn} from '../window/find-waits.js';
import type {TreeView} from '../window/types.js';
import {watchTree} from '../window/watch-tree.js';
import {type Command, exit, jsonOption, tlsOptions} from './command.js';
import {drawMarbles} from './draw-marbles.js';
import {cut, shown} from './format.js';
import {FullScreen} from './full-screen.js';
import {endOf, type Io, isColoured, line} from './io.js';
import {Lanes} from './mark-lanes.js';
import {marksOfActor} from './marks-of-actor.js';
import {placeOf} from './trees.js';

/** The pause between two drawings, in ms. */
const [screenMs, pipeMs] = [200, 1_000];
/** The width of a drawing in a pipe. */
const pipeWidth = 80;

export const marbles: Command = {
  name: 'marbles',
  summary: 'the values of its streams, live',
  operands: ['[ROOT]', 'ACTOR', '[FN]'],
  options: {...jsonOption, ...tlsOptions},
  about: `
Draws the streams of an actor over the last five seconds, until q or Ctrl-C: what
has left one end, and what has come to the other. A digit is the last one of the
number of a value, which is the same at both ends. Above 200 values a second
their density is drawn. Below stand the type and the size of the latest value.
How it begins is shown where the program says {window: {values: 'preview'}}.
With FN, only the streams of that function are drawn. With --json each line is a
mark: values that have left or come together, and when, in us of the host.
`,
  async run(given, io) {
    const place = await placeOf(given);
    const {actor = '', fn} = given;
    const views = watchTree({...place, contexts: true}).pipe(shareReplay({bufferSize: 1, refCount: true}));
    const marks = marksOfActor(place, views, actor).pipe(
      map(list => list.filter(mark => fn === undefined || mark.fn === fn)),
      takeUntil(endOf(io)),
    );
    if (given.options.json) await inJson(marks, io);
    else if (io.out.isTTY && io.input.isTTY) await onScreen(views, marks, io);
    else await inPipe(views, marks, io);
    return exit.fine;
  },
};

async function inJson(marks: Observable<readonly Mark[]>, {out}: Io): Promise<void> {
  await marks.forEach(list => {
    for (const mark of list) line(out, JSON.stringify(mark));
  });
}

async function inPipe(views: Observable<TreeView>, marks: Observable<readonly Mark[]>, {out}: Io): Promise<void> {
  const look = {width: pipeWidth, colours: false};
  await drawings(views, marks, pipeMs, () => look).forEach(lines => {
    for (const text of lines) line(out, text);
  });
}

function onScreen(views: Observable<TreeView>, marks: Observable<readonly Mark[]>, io: Io): Promise<void> {
  return new Promise((resolve, reject) => {
    const {out, env} = io;
    const colours = isColoured(out, env);
    const press = (keys: string): void => {
      if (keys.includes('q') || keys.includes('\x03')) end();
      if (keys.includes('\x1a')) screen.suspend();
    };
    const screen = new FullScreen(io, press, () => screen.draw(['looking at the streams …']));
    const end = (error?: unknown): void => {
      drawing.unsubscribe();
      screen.close();
      if (error === undefined) resolve();
      else reject(error);
    };
    screen.open();
    const drawing = drawings(views, marks, screenMs, () => ({width: out.columns ?? 80, colours})).subscribe({
      next: lines => screen.draw(lines.slice(0, out.rows ?? 24)),
      error: end,
      complete: () => end(),
    });
  });
}

/** Completes with the marks. */
function drawings(
  views: Observable<TreeView>,
  marks: Observable<readonly Mark[]>,
  everyMs: number,
  lookNow: () => {readonly width: number; readonly colours: boolean},
): Observable<readonly string[]> {
  const lanes = new Lanes();
  let names: ReadonlyMap<string, string> = new Map();
  const draw = (): readonly string[] => {
    const now = hostMicros();
    const look = lookNow();
    const lines = drawMarbles(lanes.at(now), now, id => names.get(id) ?? 'elsewhere', look);
    return lines.length > 0 ? lines : [cut('no values in the last five seconds', look.width)];
  };
  const ended = [] as const;
  return merge(
    views.pipe(
      tap(view => {
        names = new Map([...actorsIn(view.root)].map(({id, name}) => [id, shown(name)]));
      }),
      ignoreElements(),
    ),
    marks.pipe(
      tap(list => lanes.add(list)),
      ignoreElements(),
      endWith(ended),
    ),
    interval(everyMs).pipe(map(draw)),
  ).pipe(takeWhile(lines => lines !== ended));
}
