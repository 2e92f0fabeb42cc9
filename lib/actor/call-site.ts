/**
 * Where a function was called: by the file and the line of a mark, two processes mean the same function.
 * Floor 5: below `markers`.
 */
import {existsSync} from 'node:fs';
import {pathToFileURL} from 'node:url';

export interface CallSite {
  /** URL of the file, which another process can import; empty when the code is in no file. */
  readonly module: string;
  /** `line:column` in the file. For evaluated code: that of the evaluation, and then the place in the evaluated code. */
  readonly place: string;
  readonly script: Script;
  /** The name that a tool has given to code in no file, or where it was evaluated; undefined for code that is in a file. */
  readonly evaluated: string | undefined;
}

/** The code that made a call. A module that is evaluated again after its file has changed is another script. */
export interface Script {
  /** The turn of the loop in which the call was made: two calls of one turn that stand in one file are of one script. */
  readonly turn: object;
  /** A hash of the whole script. Asked for seldom, because that of a large bundle takes a tenth of a second. */
  hash(): string;
}

/**
 * The place of the call of `callee` that is running. It is read from the raw call sites, because both processes run the same
 * compiled file; source maps change only the positions that are printed.
 */
export function callSiteOf(callee: (...args: never[]) => unknown): CallSite {
  const [site] = sitesAbove(callee, 1);
  const own = site && ownFile(site);
  if (site && own !== undefined)
    return {module: own, place: placeOf(site), script: scriptAt(site), evaluated: undefined};
  return siteOfEvaluation(sitesAbove(callee, maxFrames));
}

const scriptAt = (site: NodeJS.CallSite): Script => ({turn: thisTurn(), hash: () => site.getScriptHash()});

let turn: object | undefined;

function thisTurn(): object {
  if (!turn) {
    turn = {};
    // A promise and not `queueMicrotask`, which the fake timers of a test runner replace.
    void Promise.resolve().then(() => {
      turn = undefined;
    });
  }
  return turn;
}

/** Maximum number of frames between a mark and the file that evaluates it: a bundle evaluates modules within modules. */
const maxFrames = 200;

function sitesAbove(callee: (...args: never[]) => unknown, limit: number): readonly NodeJS.CallSite[] {
  const {prepareStackTrace, stackTraceLimit} = Error;
  try {
    Error.stackTraceLimit = limit;
    Error.prepareStackTrace = (_error, sites) => sites;
    const holder: {stack?: unknown} = {};
    Error.captureStackTrace(holder, callee);
    return holder.stack as NodeJS.CallSite[];
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/**
 * Evaluated code belongs to the nearest frame that is in a file. A bundler that evaluates each module of a bundle does so at
 * another place of the bundle for each, in every process that runs the bundle.
 */
function siteOfEvaluation(sites: readonly NodeJS.CallSite[]): CallSite {
  const [inner] = sites;
  // A timer may call a marker directly.
  if (!inner) return {module: '', place: '', script: {turn: thisTurn(), hash: () => ''}, evaluated: undefined};
  const evaluation = {script: scriptAt(inner), evaluated: scriptOf(inner) || inner.getEvalOrigin() || undefined};
  const place = placeOf(inner);
  for (const site of sites) {
    const module = ownFile(site);
    if (module === '') break;
    if (module !== undefined) return {module, place: `${placeOf(site)}/${place}`, ...evaluation};
  }
  return {module: '', place, ...evaluation};
}

const placeOf = (site: NodeJS.CallSite): string => `${site.getLineNumber()}:${site.getColumnNumber()}`;

/** The URL of the file that a frame is in. Empty when no process could import it; undefined when a frame above may tell. */
function ownFile(site: NodeJS.CallSite): string | undefined {
  const script = scriptOf(site);
  if (noFile.test(script)) return '';
  if (script.startsWith('node:')) return undefined;
  if (site.isEval()) return fileNamedBy(script);
  // Another scheme than `file:` is that of a loader, which a child inherits with the arguments of Node.
  return script.startsWith('/') || (scheme.test(script) && !schemesOfBundlers.test(script)) ? urlOf(script) : undefined;
}

/** The name of the code that a frame runs: a path, a URL, or the name that a comment in evaluated code gives (`sourceURL`). */
const scriptOf = (site: NodeJS.CallSite): string => site.getFileName() ?? site.getScriptNameOrSourceURL() ?? '';

/** The names that Node gives to code from `--eval` or standard input; a module gets a URL in the current folder. */
const noFile = /^(file:.*\/)?\[(eval\d*|stdin)\](-wrapper)?$/;
const scheme = /^[a-z][a-z0-9+.-]*:/i;
/** The names that bundlers give to modules within a bundle: nobody can import them from outside. */
const schemesOfBundlers = /^(webpack|webpack-internal|turbopack|rsc|about):/;

function urlOf(script: string): string {
  return script.startsWith('/') ? pathToFileURL(script).href : script;
}

/** The file that evaluated code says it comes from, when that is there. What follows a `?` may be for the tool alone. */
function fileNamedBy(script: string): string | undefined {
  return [script, script.replace(/[?#].*$/, '')].filter(isFile).map(urlOf)[0];
}

function isFile(script: string): boolean {
  if (!script.startsWith('/') && !script.startsWith('file:')) return false;
  try {
    return existsSync(script.startsWith('/') ? script : new URL(script));
  } catch {
    return false;
  }
}
