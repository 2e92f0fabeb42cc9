/**
 * How an actor can be reached, and how it proves that it belongs to its tree. The root decides it, and each parent hands it down.
 * Floor 6: below `peer-connections`; the boots pass it on without looking into it.
 */
import type {Actor} from '../actor/actor.js';
import type {Credentials} from '../channel/credentials.js';
import type {Address} from '../transport/address.js';
import type {TlsOptions} from '../transport/tls.js';

export interface Reachability {
  /**
   * The secret that both ends of a connection must know. Absent on a host other than that of the root: there an actor has no address, and is
   * reached through its parent (`tunnels`).
   */
  readonly secret?: Uint8Array | undefined;
  /**
   * Whether the secret was made for this tree, so that other programs cannot know it. Then other programs can connect only by
   * `tls:`, and prove themselves by their certificate alone. Default false.
   */
  readonly isTreeSecret?: boolean;
  /** The network addresses at which each actor listens, besides its private Unix socket. */
  readonly listen: readonly string[];
  /** The certificates for `tls:` addresses. */
  readonly tls?: TlsOptions | undefined;
}

/** Stands among the addresses of an actor that has none: it is reached through its parent. */
export const throughParent = 'parent:';

/** The credentials that an actor uses at an address, in both directions. */
export function credentialsOf(actor: Actor, reachability: Reachability, address: Address): Credentials {
  const {id: self, codec} = actor;
  const {secret, isTreeSecret, tls} = reachability;
  return {self, codec, secret: isTreeSecret && address.kind === 'tls' ? undefined : secret, tls};
}
