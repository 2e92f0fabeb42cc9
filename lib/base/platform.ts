/**
 * The platform: the only door to what differs between two runs of one program, the time apart: random numbers, the process, and the host.
 * Floor 0: beside `clock`, the door to the time. The testing kit replaces both for the length of a simulation.
 */
import {availableParallelism, hostname} from 'node:os';
import {nodeCrypto} from './node-modules.js';

export interface Platform {
  /** Bytes that nobody can guess. */
  randomBytes(count: number): Uint8Array;
  /** A whole number from 0 on, below `limit`, that nobody can guess. */
  randomInt(limit: number): number;
  /** A number from 0 on, below 1, for what may be guessed. */
  random(): number;
  /** The id of this process in the operating system. */
  pid(): number;
  /** The name of this host. */
  host(): string;
  /** How many processes can run here at the same time. */
  parallelism(): number;
}

const real: Platform = {
  randomBytes: count => nodeCrypto().randomBytes(count),
  randomInt: limit => nodeCrypto().randomInt(limit),
  random: Math.random,
  pid: () => process.pid,
  host: hostname,
  parallelism: availableParallelism,
};

/** The platform of the code that runs now. */
export const platform: Platform = {...real};

/** Replaces the platform of this process. Returns how to give it back. */
export function replacePlatform(make: (real: Platform) => Platform): () => void {
  Object.assign(platform, make(real));
  return () => void Object.assign(platform, real);
}
