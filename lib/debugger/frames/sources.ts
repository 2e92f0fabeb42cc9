/**
 * Where a stopped program is, in the files that its author wrote: scripts by their id, text, source maps.
 * Floor 7: below `inspected` and `capture`. Runs in the thread of either; positions count from 0, as the inspector's and source maps do.
 */
import {readFileSync} from 'node:fs';
import {SourceMap, type SourceMapPayload} from 'node:module';
import {fileURLToPath} from 'node:url';

export interface Position {
  readonly url: string;
  readonly line: number;
  readonly column: number;
}

interface Script {
  readonly id: string;
  readonly url: string;
  readonly mapUrl: string;
  /** Read when first asked for; `null`: it has none that can be read. */
  map?: SourceMap | null;
}

export class Sources {
  /** Every script has an id, but thousands have no URL: what somebody once evaluated. Those are not kept. */
  readonly #scripts = new Map<string, Script>();
  readonly #texts = new Map<string, readonly string[]>();

  add(id: string, url: string, mapUrl: string): void {
    if (url !== '' && !this.#scripts.has(id)) this.#scripts.set(id, {id, url, mapUrl});
  }

  urlOf(id: string): string {
    return this.#scripts.get(id)?.url ?? '';
  }

  /** The place in the source that was compiled to this one; the place itself where nothing says so. */
  origin(id: string, line: number, column: number): Position {
    const script = this.#scripts.get(id);
    if (!script) return {url: '', line, column};
    const found = mapOf(script)?.findEntry(line, column);
    if (!found || !('originalSource' in found) || found.originalSource === undefined) {
      return {url: script.url, line, column};
    }
    const url = sourceUrl(found.originalSource, script);
    return {url, line: found.originalLine, column: found.originalColumn};
  }

  /** The lines of a source file. @param compiled the text of a script that V8 runs: the last resort */
  async text(url: string, compiled: (id: string) => Promise<string>): Promise<readonly string[] | undefined> {
    const known = this.#texts.get(url);
    if (known) return known;
    const text = this.#fromMaps(url) ?? readUrl(url) ?? (await this.#compiled(url, compiled));
    const lines = text?.split(/\r?\n/);
    if (lines) this.#texts.set(url, lines);
    return lines;
  }

  #fromMaps(url: string): string | undefined {
    for (const script of this.#scripts.values()) {
      const payload = script.map?.payload;
      const at = payload?.sources.findIndex(source => sourceUrl(source, script) === url) ?? -1;
      // Node's own type says that it is always there: tools leave it out.
      const text = (payload?.sourcesContent as readonly (string | null)[] | undefined)?.[at];
      if (typeof text === 'string') return text;
    }
    return undefined;
  }

  async #compiled(url: string, compiled: (id: string) => Promise<string>): Promise<string | undefined> {
    const script = [...this.#scripts.values()].findLast(one => one.url === url);
    return script && (await compiled(script.id));
  }
}

function mapOf(script: Script): SourceMap | undefined {
  if (script.map === undefined) script.map = readMap(script) ?? null;
  return script.map ?? undefined;
}

function readMap(script: Script): SourceMap | undefined {
  if (script.mapUrl === '') return undefined;
  try {
    const text = readUrl(mapUrlOf(script));
    return text === undefined ? undefined : new SourceMap(JSON.parse(text) as SourceMapPayload);
  } catch {
    // A broken map: the compiled source is shown.
    return undefined;
  }
}

const mapUrlOf = ({mapUrl, url}: Script): string => new URL(mapUrl, scriptBase(url)).href;

/** CommonJS modules have paths where others have URLs. */
const scriptBase = (url: string): string => (url.startsWith('/') ? `file://${encodeURI(url)}` : url);

function sourceUrl(source: string, script: Script): string {
  const base = script.mapUrl.startsWith('data:') ? scriptBase(script.url) : mapUrlOf(script);
  try {
    return new URL(source.startsWith('/') ? encodeURI(source) : source, base).href;
  } catch {
    return source;
  }
}

function readUrl(url: string): string | undefined {
  try {
    if (url.startsWith('data:')) return readData(url);
    if (url.startsWith('file:')) return readFileSync(fileURLToPath(url), 'utf8');
    return url.startsWith('/') ? readFileSync(url, 'utf8') : undefined;
  } catch {
    return undefined;
  }
}

function readData(url: string): string {
  const comma = url.indexOf(',');
  const data = url.slice(comma + 1);
  return /;base64$/i.test(url.slice(0, comma))
    ? Buffer.from(data, 'base64').toString('utf8')
    : decodeURIComponent(data);
}
