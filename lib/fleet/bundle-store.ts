/**
 * The bundles that a host has been sent, as files by their hash in a private folder.
 * Floor 6: above `bundle`; a part of `daemon`.
 */
import {
  createReadStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
} from 'node:fs';
import {open, rename, rm} from 'node:fs/promises';
import {createRequire} from 'node:module';
import {tmpdir} from 'node:os';
import {dirname, join, resolve} from 'node:path';
import {pipeline} from 'node:stream/promises';
import {fileURLToPath, pathToFileURL} from 'node:url';
import {newId} from '../base/actor-id.js';
import {wallTime} from '../base/clock.js';
import {escapeText} from '../base/escape.js';
import {attempt, inherits} from '../base/foreign.js';
import {libraryFile} from '../base/library.js';
import {nodeCrypto, sha256} from '../base/node-modules.js';
import {makePrivate, privacyFault} from '../transport/folder.js';
import type {BundleKey} from './bundle.js';

/** How many bundles are kept: those that were used last. */
const maxKept = 16;
const suffix = '.mjs';
/** A part of a bundle that is older was left behind, in ms. */
const leftMs = 600_000;

export class BundleStore {
  readonly #base: string;
  /** One for each installation of the library, because bundles import it from beside them. */
  readonly #folder: string;

  /** @param base default: in the folder for temporary files. @throws Error in words when it is not private */
  static open(base = join(tmpdir(), `rxtractor-bundles-${process.getuid?.()}`)): BundleStore {
    const store = new BundleStore(base);
    for (const path of [base, store.#folder]) {
      const fault = makePrivate(path);
      if (fault !== undefined) throw new Error(notPrivateText(path, fault));
    }
    linkLibrary(store.#folder);
    return store;
  }

  private constructor(base: string) {
    this.#base = base;
    this.#folder = join(base, sha256(packageFolder()).slice(0, 16));
  }

  /** Why nothing is taken from the folder now, in words. It may have been changed since the daemon began. */
  get fault(): string | undefined {
    for (const path of [this.#base, this.#folder]) {
      const fault = privacyFault(path);
      if (fault !== undefined) return notPrivateText(path, fault);
    }
    return undefined;
  }

  /** The URL of a bundle. Undefined: it is not here. */
  urlOf(hash: string): string | undefined {
    const file = this.#fileOf(hash);
    return existsSync(file) ? pathToFileURL(file).href : undefined;
  }

  /** Whether it is here and whole. It counts as used now. A damaged file is removed. */
  async has(hash: string): Promise<boolean> {
    const file = this.#fileOf(hash);
    if (!existsSync(file)) return false;
    const isWhole = await hashOfFile(file).then(
      found => found === hash,
      () => false,
    );
    if (isWhole) attempt(() => utimesSync(file, new Date(), new Date()));
    else await rm(file, {force: true});
    return isWhole;
  }

  /** Keeps a bundle. @throws Error in words when what comes is not the bundle, or cannot be stored */
  async store({hash, size}: BundleKey, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const file = this.#fileOf(hash);
    const temporary = `${file}.${newId()}.part`;
    try {
      const found = await writeTo(temporary, size, chunks);
      if (found !== hash) throw new Error(wrongHashText(hash, found));
      await rename(temporary, file);
    } catch (error) {
      await rm(temporary, {force: true});
      throw error;
    }
    this.#forgetOldest();
  }

  #fileOf(hash: string): string {
    return join(this.#folder, `${hash}${suffix}`);
  }

  #forgetOldest(): void {
    const usedAt = (name: string): number => attempt(() => statSync(join(this.#folder, name)).mtimeMs, 0);
    const names = readdirSync(this.#folder);
    const bundles = names.filter(name => name.endsWith(suffix)).toSorted((a, b) => usedAt(b) - usedAt(a));
    // A daemon that was killed has left them.
    const left = names.filter(name => name.endsWith('.part') && wallTime() - usedAt(name) > leftMs);
    for (const name of [...bundles.slice(maxKept), ...left]) rmSync(join(this.#folder, name), {force: true});
  }
}

/** Returns the hash of what has come. */
async function writeTo(path: string, size: number, chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = nodeCrypto().createHash('sha256');
  const file = await open(path, 'wx', 0o400);
  let left = size;
  try {
    for await (const chunk of chunks) {
      if (!inherits(chunk, Uint8Array)) throw new Error('a part of it is malformed');
      left -= chunk.byteLength;
      if (left < 0) throw new Error(`more has come than the ${size} bytes that it was to have`);
      hash.update(chunk);
      await file.appendFile(chunk);
      if (left === 0) return hash.digest('hex');
    }
  } finally {
    await file.close();
  }
  throw new Error(`only ${size - left} of its ${size} bytes have come`);
}

async function hashOfFile(path: string): Promise<string> {
  const hash = nodeCrypto().createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** A bundle leaves the library out, and RxJS, so that its actor has each of them once. Node finds them from the folder of the bundle. */
function linkLibrary(folder: string): void {
  const modules = join(folder, 'node_modules');
  mkdirSync(modules, {recursive: true, mode: 0o700});
  const rxjs = attempt(() => createRequire(join(packageFolder(), 'package.json')).resolve('rxjs/package.json'));
  link(packageFolder(), join(modules, 'rxtractor'));
  if (rxjs !== undefined) link(dirname(rxjs), join(modules, 'rxjs'));
}

function link(target: string, path: string): void {
  if (attempt(() => readlinkSync(path)) === target) return;
  rmSync(path, {force: true});
  // Another daemon may just have made it.
  attempt(() => symlinkSync(target, path));
}

const packageFolder = (): string => resolve(fileURLToPath(libraryFile('../..') as URL));

function notPrivateText(path: string, fault: string): string {
  return `its folder for bundles is not private: ${escapeText(path)} ${fault}. It needs mode 700, or another folder (--bundle-folder)`;
}

function wrongHashText(wanted: string, found: string): string {
  const [there, here] = [wanted, found].map(hash => hash.slice(0, 12));
  return `it has another hash (sha256 ${here}) than was told (${there}), so it was changed on its way`;
}
