/**
 * The files that the author wrote, for the scripts that V8 runs: their text, and the places in them, by source maps.
 * Positions count from 0, as those of the inspector and of source maps do.
 * Floor 7: below `main-thread`, `frame-taker` and `stack-frames`. It runs in the thread of each.
 */
import {readFileSync} from 'node:fs';
import {SourceMap, type SourceMapPayload} from 'node:module';
import {fileURLToPath} from 'node:url';

export interface SourcePosition {
  readonly url: string;
  readonly line: number;
  readonly column: number;
}

interface Script {
  readonly id: string;
  readonly url: string;
  readonly mapUrl: string;
  /** The map, from the first question on; `null` where there is none that can be read. */
  map?: SourceMap | null;
}

export class Sources {
  /** By id. Scripts without a URL are not kept: they are evaluated texts, of which there may be thousands. */
  readonly #scripts = new Map<string, Script>();
  /** The lines of files, by URL. */
  readonly #texts = new Map<string, readonly string[]>();

  add(id: string, url: string, mapUrl: string): void {
    if (url !== '' && !this.#scripts.has(id)) this.#scripts.set(id, {id, url, mapUrl});
  }

  urlOf(id: string): string {
    return this.#scripts.get(id)?.url ?? '';
  }

  /** The position in the source that was compiled to this one. Without a source map it is the same position. */
  origin(id: string, line: number, column: number): SourcePosition {
    const script = this.#scripts.get(id);
    if (!script) return {url: '', line, column};
    const found = mapOf(script)?.findEntry(line, column);
    if (!found || !('originalSource' in found) || found.originalSource === undefined) {
      return {url: script.url, line, column};
    }
    const url = sourceUrl(found.originalSource, script);
    return {url, line: found.originalLine, column: found.originalColumn};
  }

  /** The files of the author that have become scripts whose URL `isWanted`. */
  files(isWanted: (url: string) => boolean): readonly {readonly scriptId: string; readonly url: string}[] {
    return [...this.#scripts.values()]
      .filter(({url}) => isWanted(url))
      .flatMap(script => {
        const sources = mapOf(script)?.payload.sources.map(source => sourceUrl(source, script)) ?? [script.url];
        return sources.map(url => ({scriptId: script.id, url}));
      });
  }

  /**
   * The lines of a source file; undefined when it cannot be read.
   *
   * @param compiled gives the text of a script that V8 runs. It is asked when neither a map nor a file has the text
   */
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
      // Tools may leave it out, although Node's own type says that it is always there.
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
    // The map is broken, so the compiled source is shown.
    return undefined;
  }
}

const mapUrlOf = ({mapUrl, url}: Script): string => new URL(mapUrl, scriptBase(url)).href;

/** The URL of a script. CommonJS modules have a path instead of one. */
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
