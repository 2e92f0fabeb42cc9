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
  /** A hash of the whole code that made the call. */
  readonly script: string | undefined;
  /** The name that a tool has given to code in no file, or where it was evaluated; undefined for code that is in a file. */
  readonly evaluated: string | undefined;
}

/**
 * The place of the call of `callee` that is running. It is read from the raw call sites, because both processes run the same
 * compiled file; source maps change only the positions that are printed.
 */
export function callSiteOf(callee: (...args: never[]) => unknown): CallSite {
  const [site] = sitesAbove(callee, 1);
  const own = site && ownFile(site);
  if (site && own !== undefined) return {module: own, place: placeOf(site), script: hashOf(site), evaluated: undefined};
  return siteOfEvaluation(sitesAbove(callee, maxFrames));
}

/** Hashes of what runs in this turn, by file, because a hash of a bundle takes longer than a mark. */
const hashes = new Map<string, string>();

function hashOf(site: NodeJS.CallSite): string {
  const script = scriptOf(site);
  const known = hashes.get(script);
  if (known !== undefined) return known;
  if (hashes.size === 0) queueMicrotask(() => hashes.clear());
  const hash = site.getScriptHash();
  hashes.set(script, hash);
  return hash;
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
  const inner = sites[0];
  const place = inner ? placeOf(inner) : '';
  const script = inner && hashOf(inner);
  const evaluated = inner && (scriptOf(inner) || inner.getEvalOrigin() || undefined);
  for (const site of sites) {
    const module = ownFile(site);
    if (module === '') break;
    if (module !== undefined) return {module, place: `${placeOf(site)}/${place}`, script, evaluated};
  }
  return {module: '', place, script, evaluated};
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
