// Looks for bytes that break the reader: random ones, and valid messages that were damaged.
// A program: fuzz.spec.ts runs it with little memory, so that running out of it is a finding. Arguments: count, seed.
import {createRequire} from 'node:module';
import {isDeepStrictEqual} from 'node:util';
import {ProtocolError} from '../../lib/base/errors.js';
import {boxError} from '../../lib/msg/boxed-error.js';
import {messagePack} from '../../lib/msg/codec.js';
import {faithful} from './values.js';

const [count = 10_000, seed = 1] = process.argv.slice(2).map(Number);
const require = createRequire(import.meta.url);
const msgpackr = require('msgpackr') as {unpack(bytes: Uint8Array): unknown};
const {encode, decode} = messagePack;

/** Why the reader refuses what a library would take: each on purpose. */
const onPurpose =
  /unknown form|extension|__proto__|no text arrived|deeper than|no UTF-8|values in one message|malformed error/;

const random = mulberry32(seed);
const below = (limit: number): number => Math.floor(random() * limit);
const corpus = makeCorpus();
const seen = {accepted: 0, refused: 0, compared: 0, onPurpose: 0};

function check(bytes: Uint8Array): void {
  let value: unknown;
  try {
    value = decode(bytes);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    seen.refused++;
    if (!onPurpose.test(error.message) && attempt(() => msgpackr.unpack(bytes)) !== failed)
      throw new Error(`the reader refuses what msgpackr reads: ${error.message}`);
    if (onPurpose.test(error.message)) seen.onPurpose++;
    return;
  }
  seen.accepted++;
  if (isPlain(value)) {
    seen.compared++;
    const read = attempt(() => msgpackr.unpack(bytes));
    // A key given twice hides what msgpackr does not know behind what it does: it then reads what was read.
    if (!isDeepStrictEqual(read === failed ? msgpackr.unpack(encode(value)) : read, value))
      throw new Error('msgpackr reads something else');
  }
  // A value that was read can be sent on, and arrives as the same.
  const again = decode(encode(value));
  if (!isPlain(value) || isDeepStrictEqual(again, value)) return;
  throw new Error('what was read does not travel unchanged');
}

const failed = Symbol('failed');
function attempt<T>(read: () => T): T | typeof failed {
  try {
    return read();
  } catch {
    return failed;
  }
}

/** Without extensions and binary, and without what msgpackr changes: a byte order mark at the start of a text. */
function isPlain(value: unknown): boolean {
  if (typeof value === 'string') return !/\p{Surrogate}/u.test(value) && !value.startsWith('\ufeff');
  if (typeof value !== 'object' || value === null) return value !== undefined && typeof value !== 'bigint';
  if (Array.isArray(value)) return value.every(isPlain);
  if (Object.getPrototypeOf(value) !== Object.prototype) return false;
  return Object.entries(value).every(([key, item]) => isPlain(key) && isPlain(item));
}

function nextInput(): Uint8Array {
  if (below(5) === 0) return Uint8Array.from({length: below(40)}, () => below(256));
  let bytes = Uint8Array.from(corpus[below(corpus.length)] as Uint8Array);
  for (let i = below(4); i >= 0; i--) bytes = damage(bytes);
  return bytes;
}

const tokens = [0x80, 0x81, 0x90, 0x91, 0xa0, 0xbf, ...Array.from({length: 0x20}, (_, i) => 0xc0 + i), 0xff];

function damage(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const at = below(bytes.length);
  switch (below(6)) {
    case 0:
      bytes[at] = below(256);
      return bytes;
    case 1:
      bytes[at] = tokens[below(tokens.length)] as number;
      return bytes;
    case 2:
      return bytes.slice(0, at);
    case 3:
      return joined(bytes.subarray(0, at), Uint8Array.of(tokens[below(tokens.length)] as number), bytes.subarray(at));
    case 4: {
      const other = corpus[below(corpus.length)] as Uint8Array;
      return joined(bytes.subarray(0, at), other.subarray(below(other.length)), bytes.subarray(at));
    }
    default:
      return joined(bytes.subarray(0, at), bytes.subarray(at + 1 + below(4)));
  }
}

const joined = (...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.concat(parts));

function makeCorpus(): Uint8Array[] {
  const self = {name: 'fuzz', id: 'f', pid: 1, host: 'h'};
  const error = new AggregateError([new TypeError('a', {cause: 'b'}), {c: 1}], 'd');
  const values = [
    ...faithful.map(([, value]) => value),
    {id: 1, name: 'x', value: 1.5},
    [new Map([['a', new Set([1, /x/g])]]), error, new Date(1), 2n ** 70n, new URL('a:b')],
    boxError(error, self),
  ];
  return values.map(value => encode(value)).filter(bytes => bytes.length > 0 && bytes.length < 3000);
}

/** A small generator of random numbers with a seed. */
function mulberry32(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

for (let i = 0; i < count; i++) {
  const bytes = nextInput();
  try {
    check(bytes);
  } catch (error) {
    console.error(`input ${i} of seed ${seed}: ${Buffer.from(bytes).toString('hex').slice(0, 2000)}`);
    throw error;
  }
}
if (Object.keys(Object.prototype).length > 0) throw new Error('Object.prototype was polluted');
console.log(JSON.stringify(seen));
