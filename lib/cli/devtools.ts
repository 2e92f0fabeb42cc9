/**
 * `rxtractor devtools`: a page in the browser that shows a tree, live or from a record.
 * Floor 10: a command. `devtools-server` has the page, `devtools-frames` says what it is told.
 */
import {spawn} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {
  concat,
  firstValueFrom,
  type MonoTypeOperatorFunction,
  map,
  NEVER,
  type Observable,
  of,
  ReplaySubject,
  share,
  takeUntil,
  timer,
} from 'rxjs';
import {thrownText} from '../base/foreign.js';
import type {Mark} from '../discovery/tree-marks.js';
import {connectToTree} from '../window/remote-tree.js';
import type {TreeView} from '../window/types.js';
import {watchTree} from '../window/watch-tree.js';
import {type Command, exit, tlsOptions, UsageError} from './command.js';
import {contextsOf, frameOf} from './devtools-frames.js';
import {viewsOfRecord} from './devtools-recorded.js';
import {type Source, servePage} from './devtools-server.js';
import {shown} from './format.js';
import {endOf, line} from './io.js';
import {marksOfActor} from './marks-of-actor.js';
import {type Place, pathTo, placeOf} from './trees.js';

/** The pause between two views, in ms. */
const everyMs = 500;
/**
 * For how long the tree is watched after the last page has gone, in ms. A page that is loaded again, or that opens another actor, meets
 * the same observer, which knows for how long everything has stood still.
 */
const lingerMs = 2_000;

export const devtools: Command = {
  name: 'devtools',
  summary: 'a tree, or a record of one, in the browser',
  operands: ['[ROOT]'],
  options: {
    file: {type: 'string', value: 'FILE', help: 'Show a record of rxtractor trace, and no tree.'},
    control: {type: 'boolean', help: 'Let the page cancel actors. Without it, it only looks.'},
    open: {type: 'boolean', help: 'Open the page in the browser.'},
    ...tlsOptions,
  },
  about: `
Serves a page that shows the tree, what each actor uses, who waits for whom, and
the values of streams. It prints the address of the page, and ends with Ctrl-C.
The server listens on 127.0.0.1 alone, and the address contains a secret. Who
knows it can look at the tree. When the tree ends, the page keeps what it has
shown. With --file it shows a record that rxtractor trace has written.
`,
  async run(given, io) {
    const {file, control, open} = given.options;
    if (file !== undefined && given.root !== undefined)
      throw new UsageError('devtools takes a ROOT or --file, not both');
    const end = endOf(io);
    const source =
      file === undefined ? await live(await placeOf(given), end, control === true) : recorded(String(file));
    // It was asked to end before the tree has answered.
    if (!source) return exit.fine;
    const server = await servePage(source);
    line(io.out, server.url);
    if (open) openBrowser(server.url);
    await firstValueFrom(end);
    await server.close();
    return exit.fine;
  },
};

async function live(place: Place, end: Observable<unknown>, isControlled: boolean): Promise<Source | undefined> {
  const views = watchTree({...place, every: everyMs, contexts: true}).pipe(lingering(end));
  // Without a tree the command fails here.
  if (!(await firstValueFrom(views, {defaultValue: undefined}))) return undefined;
  return {
    about: {mode: 'live', control: isControlled},
    frames: open => views.pipe(map(view => [frameOf(view, open)])),
    marks: actor => marksOfActor(place, views, actor).pipe(map(marks => marks.map(escaped))),
    ...(isControlled && {cancel: async (actor: string) => cancelActor(place, await firstValueFrom(views), actor)}),
  };
}

/** One observer for all pages, which stays for a while without any. At the end of the command it goes at once. */
export function lingering<T>(end: Observable<unknown>): MonoTypeOperatorFunction<T> {
  return views =>
    views.pipe(
      takeUntil(end),
      share({
        connector: () => new ReplaySubject<T>(1),
        resetOnRefCountZero: () => timer(lingerMs).pipe(takeUntil(end)),
      }),
    );
}

const escaped = ({fn, preview, ...mark}: Mark): Mark => ({
  ...mark,
  fn: shown(fn),
  ...(preview !== undefined && {preview: shown(preview)}),
});

/** @throws UsageError for the root, and for an actor that is not there */
async function cancelActor(place: Place, view: TreeView, actor: string): Promise<object> {
  const path = pathTo(view, actor).map(({id}) => id);
  if (path.length < 2) throw new UsageError('the root is ended by a signal');
  const tree = await connectToTree(place.root, place.tls);
  try {
    return await tree.cancel(path.slice(1));
  } finally {
    tree.close();
  }
}

/** All frames come together and once. The page has a slider for them, and asks for the contexts of the actor that it opens. */
function recorded(file: string): Source {
  const views = viewsOfRecord(readRecord(file));
  if (views.length === 0) throw new UsageError(`there are no actors in ${file}`);
  return {
    about: {mode: 'recorded', control: false},
    frames: () => concat(of(views.map(view => frameOf(view, undefined))), NEVER),
    contexts: actor => views.map(view => contextsOf(view, actor)),
    marks: () => NEVER,
  };
}

/** @throws UsageError for text that is not JSON, and the error of the file system, which names the file */
function readRecord(file: string): unknown {
  const text = readFileSync(file, 'utf8');
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${file} is not a record of rxtractor trace: ${thrownText(error)}`);
  }
}

function openBrowser(url: string): void {
  const command = process.platform === 'darwin' ? 'open' : 'xdg-open';
  // Without a browser the address is printed all the same.
  spawn(command, [url], {stdio: 'ignore', detached: true})
    .on('error', () => {})
    .unref();
}
