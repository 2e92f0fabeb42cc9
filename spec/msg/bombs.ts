// Messages that are as large as allowed and cost as much memory as possible: the reader must live through each.
// A program: fuzz.spec.ts runs it with little memory.
import {ProtocolError} from '../../lib/base/errors.js';
import {messagePack} from '../../lib/msg/codec.js';

const {decode} = messagePack;
const array = (length: number): Buffer => {
  const header = Buffer.from('dd00000000', 'hex');
  header.writeUInt32BE(length, 1);
  return header;
};

/** The value that is repeated, and how much it weighs. */
const elements: readonly (readonly [hex: string, weight: number])[] = [
  ['80', 1],
  ['90', 1],
  ['9100', 2],
  ['a2c3a9', 1],
  ['cb3ff8000000000000', 1],
  ['81a16101', 3],
  ['c400', 5],
  ['d40390', 5],
  ['d40490', 5],
  ['d41000', 5],
  ['d41200', 5],
  ['d41c00', 5],
  ['d41d80', 5],
  ['d6ff00000000', 2],
  ['d60592a161a0', 7],
  ['c7030592a0a0', 7],
  ['c70307613a62', 9],
  ['d702ffffffffffffffff', 1],
  ['d50800d8', 1],
  ['c7110682a5636c617373a0a76d657373616765a0', 21],
];
for (const [hex, weight] of elements) {
  const length = Math.floor(999_000 / weight);
  run(`${length} times ${hex}`, Buffer.concat([array(length), Buffer.from(hex.repeat(length), 'hex')]));
}
const keys = Buffer.concat(
  Array.from({length: 499_000}, (_, i) =>
    Buffer.concat([Buffer.from([0xa7]), Buffer.from(String(1e6 + i)), Buffer.of(0)]),
  ),
);
run('an object of 499 000 keys', Buffer.concat([Buffer.from('df00079d38', 'hex'), keys]));
run('8 MiB of array headers', Buffer.alloc(8 * 1024 * 1024, 0x9f));
run('8 MiB of headers of long arrays', Buffer.from('dd000fffff'.repeat(1_600_000), 'hex'));
run('arrays of 1000 that are never filled', Buffer.from(`dc03e8${'dc03e8'.repeat(1000)}`, 'hex'));
console.log('lived');

function run(name: string, bytes: Buffer): void {
  try {
    decode(bytes);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw new Error(name, {cause: error});
    if (process.env.VERBOSE) console.log(name, error.message);
  }
}
