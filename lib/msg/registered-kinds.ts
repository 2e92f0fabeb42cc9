/**
 * In which messages values of registered types may stand, and what is done with them there.
 * Floor 1: above `registered` and `types`, below `codec` and `gradual-message`.
 */
import {
  type OnRegistered,
  type RegisteredFaults,
  refuseRegistered,
  softenRegistered,
  unpackRegistered,
} from './registered.js';
import {Kind} from './types.js';

/** How the reader makes values of registered types in a message of this kind that is read as a whole. */
export function onRegisteredIn(kind: Kind): OnRegistered {
  if (valueKinds.has(kind)) return unpackRegistered;
  return errorKinds.has(kind) ? softenRegistered : refuseRegistered;
}

/** The same while the message comes in pieces: a fault is kept until it is whole. */
export function onRegisteredInPieces(kind: Kind, faults: RegisteredFaults): OnRegistered {
  return valueKinds.has(kind) ? faults.unpack : onRegisteredIn(kind);
}

const valueKinds: ReadonlySet<Kind> = new Set([Kind.Start, Kind.Started, Kind.Yield, Kind.Return]);
const errorKinds: ReadonlySet<Kind> = new Set([Kind.Stop, Kind.Error, Kind.Cancel]);
