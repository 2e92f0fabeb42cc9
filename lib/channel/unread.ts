/**
 * The memory of what a channel still has to send to a peer that asked for it: in all, and of what. A peer that calls and never reads
 * shows in it.
 * Floor 3: a part of `outbox`, which counts; `channel` ends when it is too much.
 */
import {Kind} from '../msg/types.js';

/** The names of kinds of messages, for a reader of an error; all others are `other messages`. */
const nouns: readonly (readonly [noun: string, kinds: readonly Kind[]])[] = [
  ['results of calls', [Kind.Return]],
  ['errors and acknowledgements', [Kind.Error, Kind.CancelAck]],
  ['values of streams', [Kind.Yield]],
  ['first values of contexts', [Kind.Started]],
];

const kinds: readonly Kind[] = Object.values(Kind);

export class Unread {
  readonly #byKind = new Float64Array(1 + Math.max(...kinds));
  /** The memory in bytes of all that waits, but not of calls: this side makes those by itself, and the peer does not ask for them. */
  bytes = 0;

  /** The memory in bytes of errors and acknowledgements: what a call costs that runs nothing. */
  get refusalBytes(): number {
    return this.#of(Kind.Error) + this.#of(Kind.CancelAck);
  }

  /** @param bytes negative when something has left */
  count(kind: Kind, bytes: number): void {
    if (kind === Kind.Start) return;
    this.#byKind[kind] = this.#of(kind) + bytes;
    this.bytes += bytes;
  }

  clear(): void {
    this.#byKind.fill(0);
    this.bytes = 0;
  }

  /** The memory of each noun that waits, such as `1073742848 bytes of results of calls, 384 bytes of other messages`. */
  toString(): string {
    const named = nouns.map(([noun, ofNoun]) => [noun, ofNoun.reduce((sum, kind) => sum + this.#of(kind), 0)] as const);
    const others = named.reduce((left, [, bytes]) => left - bytes, this.bytes);
    return [...named, ['other messages', others] as const]
      .filter(([, bytes]) => bytes > 0)
      .map(([noun, bytes]) => `${bytes} bytes of ${noun}`)
      .join(', ');
  }

  #of(kind: Kind): number {
    return this.#byKind[kind] as number;
  }
}
