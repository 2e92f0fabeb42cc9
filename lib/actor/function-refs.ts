/**
 * How two peers name functions to each other: in full at first, by a number when the other side knows it.
 * Floor 5: below `peer`, which has one for its channel.
 */
import {ProtocolError} from '../base/errors.js';
import type {FunctionRef} from '../msg/types.js';
import type {FunctionHome} from './exposed.js';
import {printsFor} from './mark-table.js';
import {keyOf, type Mark} from './marks.js';

/** Maximum characters of all functions that a peer has named in full, because each is kept as long as the channel is. */
const maxNamed = 16 * 1024 * 1024;
/** The overhead that a function counts beside its texts, in characters. */
const entryCharacters = 128;

export class FunctionRefs {
  /**
   * The numbers that this side has given to functions of the peer, and whether the peer has heard them for sure. By mark and not by
   * key: a module that was evaluated again may have another function at the same place.
   */
  readonly #given = new Map<Mark, {readonly number: number; isHeard: boolean}>();
  /** Functions of this actor, by the numbers that the peer has given them. */
  readonly #known = new Map<number, FunctionHome>();
  /** The characters of these. */
  #named = 0;
  /** The names that the peer gives its functions, by key. */
  #names: ReadonlyMap<string, string> = new Map();

  /** The reference to a function of the peer: in full until the peer has heard it for sure, then a number. */
  refOf(mark: Mark): FunctionRef {
    let given = this.#given.get(mark);
    if (!given) {
      given = {number: this.#given.size + 1, isHeard: false};
      this.#given.set(mark, given);
    }
    return given.isHeard ? given.number : [given.number, mark.within, mark.place, printsFor(mark)];
  }

  /** An answer to a call has come: its function need not be named in full again. */
  heard(mark: Mark): void {
    const given = this.#given.get(mark);
    if (given) given.isHeard = true;
  }

  /** The peer serves, and tells the names of its functions: a list of pairs. @throws ProtocolError for another one */
  learnNames(names: readonly unknown[]): void {
    if (!names.every(isNamed)) throw new ProtocolError('names of functions arrived that are none');
    this.#names = new Map(names);
  }

  /** The name of a function of the peer, in messages for people. */
  nameOf(mark: Mark): string {
    return this.#names.get(mark.key) ?? mark.name;
  }

  /** The function of this actor that the peer means. @throws ProtocolError when the peer has never named it in full */
  resolve(ref: unknown): FunctionHome {
    if (Array.isArray(ref)) {
      const [number, within, place, prints = ''] = ref as unknown[];
      if (typeof number !== 'number' || ![within, place, prints].every(isText))
        throw new ProtocolError('a call arrived that names no function');
      const known = this.#known.get(number);
      if (known && known.within === within && known.place === place && known.prints === prints) return known;
      const home = {within, place, prints, key: keyOf(within as string, place as string)} as FunctionHome;
      this.#count(home);
      this.#known.set(number, home);
      return home;
    }
    const home = typeof ref === 'number' ? this.#known.get(ref) : undefined;
    if (!home) throw new ProtocolError('a call arrived for a function that was never named');
    return home;
  }

  #count({within, place, prints}: FunctionHome): void {
    this.#named += within.length + place.length + prints.length + entryCharacters;
    if (this.#named > maxNamed)
      throw new ProtocolError(`a peer has named functions of more than ${maxNamed} characters`);
  }
}

function isNamed(pair: unknown): pair is readonly [key: string, name: string] {
  return Array.isArray(pair) && isText(pair[0]) && isText(pair[1]);
}

const isText = (value: unknown): value is string => typeof value === 'string';
