/**
 * Writes MessagePack with msgpackr: optional, several times faster, used when it is installed.
 * Floor 1: one of the two libraries below `codec`. It gets plain values only, as `encoder` makes them.
 */
import {requireDependency} from '../base/dependency.js';
import {Encoded} from './encoded.js';
import type {Library} from './library.js';

/** The part of msgpackr that is used here. */
interface Msgpackr {
  readonly Packr: new (options: object) => {pack(value: unknown): Buffer; useBuffer(buffer: Buffer): void};
  addExtension(extension: object): void;
}
type Allocate = (size: number) => {target: Buffer; position: number};

/** @throws Error when msgpackr is not installed */
export function loadMsgpackr(): Library {
  // This build has no streams, no native addon and no generated code: it loads in half the time of the main one. Its output
  // buffer and its table of extensions belong to the module, so it matters that few other packages load this build.
  const {Packr, addExtension} = requireDependency('msgpackr/index-no-eval') as Msgpackr;
  const packr = new Packr({useRecords: false, variableMapSize: true, moreTypes: false, useToJSON: false});
  addExtension({
    Class: Encoded,
    // msgpackr requires a number and never writes it. This one is above every type that a message can name.
    type: 0x100,
    pack(encoded: Encoded, allocate: Allocate) {
      encoded.check();
      const {target, position} = allocate(encoded.length);
      encoded.writeTo(target, position);
    },
  });
  let packing = 0;
  return {
    name: 'msgpackr',
    encode(value, leastBytes) {
      let bytes: Buffer;
      // For a large message msgpackr would grow its memory step by step, and copy what it has written each time.
      if (packing === 0 && leastBytes > maxSlabBytes)
        packr.useBuffer(Buffer.allocUnsafeSlow(leastBytes + Math.ceil(leastBytes / 8)));
      packing++;
      try {
        bytes = packr.pack(value);
      } finally {
        packing--;
      }
      // msgpackr goes on writing behind the last message, however large its memory was, which would be kept alive. While
      // another message is being packed (a getter may encode a message) that memory is still in use.
      if (packing === 0 && bytes.buffer.byteLength > maxSlabBytes) packr.useBuffer(Buffer.allocUnsafeSlow(slabBytes));
      return bytes;
    },
  };
}

/** Bytes of a new output buffer. */
const slabBytes = 8192;
/** Maximum bytes of an output buffer that goes on being used. */
const maxSlabBytes = 1024 * 1024;
