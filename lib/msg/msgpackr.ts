/**
 * MessagePack by msgpackr: optional, several times faster, taken when it is installed.
 * Floor 1: one of the two libraries below `codec`; what it is given was prepared.
 */
import {createRequire} from 'node:module';
import {Ready} from './extensions.js';
import type {Library} from './library.js';

/** What we use of msgpackr. */
interface Msgpackr {
  readonly Packr: new (options: object) => {pack(value: unknown): Buffer; useBuffer(buffer: Buffer): void};
  addExtension(extension: object): void;
}
type Allocate = (size: number) => {target: Buffer; position: number};

/** @throws when it is not installed */
export function loadMsgpackr(): Library {
  // This build loads in half the time of the main one: no streams, no native addon, no generated code. Few others
  // load it, which matters because its output buffer and its table of extensions belong to the module.
  const {Packr, addExtension} = createRequire(import.meta.url)('msgpackr/index-no-eval') as Msgpackr;
  const packr = new Packr({useRecords: false, variableMapSize: true, moreTypes: false, useToJSON: false});
  addExtension({
    Class: Ready,
    // Required, and never written; above any type that a message can name.
    type: 0x100,
    pack({bytes}: Ready, allocate: Allocate) {
      const {target, position} = allocate(bytes.length);
      target.set(bytes, position);
    },
  });
  let packing = 0;
  return {
    name: 'msgpackr',
    encode(value) {
      let bytes: Buffer;
      packing++;
      try {
        bytes = packr.pack(value);
      } finally {
        packing--;
      }
      // It goes on writing behind the last message, however large the memory was that this one took. Within
      // another message (a getter may encode) that memory is still in use.
      if (packing === 0 && bytes.buffer.byteLength > maxSlabBytes) packr.useBuffer(Buffer.allocUnsafeSlow(slabBytes));
      return bytes;
    },
  };
}

const slabBytes = 8192;
const maxSlabBytes = 1024 * 1024;
