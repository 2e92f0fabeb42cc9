/**
 * Where a function of a profile belongs: V8 names its place in the compiled code, in which the modules of `lib` are joined.
 * Beneath `self-profile`.
 */
import {existsSync, readFileSync} from 'node:fs';
import {SourceMap} from 'node:module';
import {fileURLToPath} from 'node:url';

export interface Place {
  readonly name: string;
  readonly part: string;
}

interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
  readonly columnNumber: number;
}

const native = "the kernel, and Node's C++";
/** The work that V8 counts without a file. */
const withoutFile: Readonly<Record<string, string>> = {'(garbage collector)': 'the collector'};
const floors: Readonly<Record<string, string>> = {
  base: 'scopes and the clock',
  msg: 'messages and their bytes',
  transport: 'frames and sockets',
  channel: 'queues of the channel',
  context: 'contexts and credit',
  actor: 'calls and answers',
  nursery: 'starts and ends of actors',
};

/** Undefined for time in which nothing was to be done. */
export function placeOf(frame: CallFrame): Place | undefined {
  const {functionName, url} = frame;
  if (functionName === '(idle)') return undefined;
  const source = sourceOf(frame);
  const name = functionName === '' ? 'a function without a name' : functionName;
  const file = source.startsWith('node:') ? source : source.split('/').at(-1);
  return {name: file ? `${name} of ${file}` : name, part: url === '' ? (withoutFile[name] ?? native) : partOf(source)};
}

function partOf(source: string): string {
  if (source.startsWith('node:internal/modules')) return "Node's loading of modules";
  if (source.startsWith('node:')) return "Node's JavaScript";
  if (source.includes('/rxjs/')) return 'RxJS';
  const [, floor] = /\/lib\/(\w+)\/[^/]/.exec(source) ?? [];
  return floor === undefined ? 'the program itself' : (floors[floor] ?? floor);
}

/** The file that this was compiled from, where a source map tells. */
function sourceOf({url, lineNumber, columnNumber}: CallFrame): string {
  const found = mapOf(url)?.findEntry(lineNumber, columnNumber);
  return found && 'originalSource' in found ? new URL(found.originalSource, url).href : url;
}

const maps = new Map<string, SourceMap | undefined>();

function mapOf(url: string): SourceMap | undefined {
  if (!url.startsWith('file:') || maps.has(url)) return maps.get(url);
  const path = `${fileURLToPath(url)}.map`;
  const map = existsSync(path) ? new SourceMap(JSON.parse(readFileSync(path, 'utf8'))) : undefined;
  maps.set(url, map);
  return map;
}
