/**
 * Values of the classes that users have registered: what crosses instead of them, and what is made of it at the receiver.
 * Floor 1: below `encoder` and `reader`. The code of users runs here, and only errors of this library leave.
 */
import {MessageTypeError, ProtocolError} from '../base/errors.js';
import {escapeText} from '../base/escape.js';
import {inherits, thrownText} from '../base/foreign.js';
import {type RegisteredType, typeOfName} from '../base/registered-types.js';
import {describe} from './describe.js';

/** An instance whose `pack` was called already: `encoder` sends it as a value of the registered type. */
export class Packed {
  readonly name: string;
  readonly wire: unknown;

  constructor(name: string, wire: unknown) {
    this.name = name;
    this.wire = wire;
  }
}

/** Makes a value of a registered type for `reader`, or refuses it. Which one is right depends on the message that the value stands in. */
export type OnRegistered = (name: string, wire: unknown) => unknown;

/** For the messages of the runtime: no class of users belongs there, so that a stranger cannot make their code run. */
export const refuseRegistered: OnRegistered = () => {
  throw new ProtocolError('an extension of a registered type arrived where none may stand');
};

/** For values of users: the instance. @throws MessageTypeError that names the type */
export const unpackRegistered: OnRegistered = (name, wire) => {
  const type = typeOfName(name);
  if (!type) throw typeError(`a value of the type ${shown(name)} arrived, which is not registered here (registerType)`);
  let value: unknown;
  try {
    value = type.how.unpack(wire);
  } catch (error) {
    throw typeError(`unpack() of the type ${name} threw: ${thrownText(error)}`, error);
  }
  if (!inherits(value, type.Class))
    throw typeError(`unpack() of the type ${name} gave ${kindOf(value)} instead of an instance of ${type.Class.name}`);
  return value;
};

/** For errors, which never fail for a value within them: a text stands for a value that cannot be made here. */
export const softenRegistered: OnRegistered = (name, wire) => {
  try {
    return unpackRegistered(name, wire);
  } catch (error) {
    return `[${thrownText(error)}]`;
  }
};

/** For the content of an error within a message. */
export const withinError = (outside: OnRegistered): OnRegistered =>
  outside === refuseRegistered ? refuseRegistered : softenRegistered;

/** For a list that is to be read to its end: keeps the first error, and `undefined` stands in the place of the value. */
export class RegisteredFaults {
  first: MessageTypeError | undefined;

  readonly unpack: OnRegistered = (name, wire) => {
    try {
      return unpackRegistered(name, wire);
    } catch (error) {
      this.first ??= error as MessageTypeError;
      return undefined;
    }
  };
}

/** The value that crosses instead of the instance. Throws the error of `pack`. */
export const pack = ({how}: RegisteredType, value: object): unknown => how.pack(value);

/** A peer may send any text as a name. */
const shown = (name: string): string => escapeText(name.slice(0, maxNameLength));
const maxNameLength = 100;

const typeError = (text: string, cause?: unknown): MessageTypeError =>
  new MessageTypeError(text, {issues: [], ...(cause !== undefined && {cause})});

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return typeof value === 'object' || typeof value === 'function' ? describe(value) : `a ${typeof value}`;
}
