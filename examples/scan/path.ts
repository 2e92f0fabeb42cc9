/**
 * A path as the system has it: a name on Linux is bytes, and not every name is UTF-8.
 * Data only; `walk` makes these, they cross to the actors, and `report` shows them.
 */
import {isUtf8} from 'node:buffer';

/** Text where the bytes are UTF-8, else the bytes themselves, so that the actor can open what the root has seen. */
export type Path = string | Uint8Array;

/** The path of the entry `name` of the directory `parent`. */
export function childOf(parent: Path, name: Buffer): Path {
  const tail = isUtf8(name) ? name.toString() : name;
  if (typeof parent === 'string' && typeof tail === 'string') {
    return parent.endsWith('/') ? parent + tail : `${parent}/${tail}`;
  }

  return Buffer.concat([bytesOf(parent), Buffer.from('/'), bytesOf(tail)]);
}

/** For people and for JSON: U+FFFD where the bytes are not UTF-8. */
export function textOf(path: Path): string {
  return typeof path === 'string' ? path : bytesOf(path).toString();
}

/** A path as `node:fs` takes it; bytes that came over the wire may be a plain Uint8Array, which its types refuse. */
export function fsPath(path: Path): string | Buffer {
  return typeof path === 'string' ? path : bytesOf(path);
}

function bytesOf(path: Path): Buffer {
  return typeof path === 'string' ? Buffer.from(path) : Buffer.from(path.buffer, path.byteOffset, path.byteLength);
}
