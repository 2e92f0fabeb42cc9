/**
 * The proof that one side of a handshake knows the secret. It does not contain the secret.
 * Floor 3: pure; below `handshake`.
 */
import type {ActorId} from '../../base/actor-id.js';
import {nodeCrypto} from '../../base/node-modules.js';
import {actorTuple, protocolVersion} from '../../msg/types.js';

/** The side that connected, or the side that listened. */
export type Role = 'connector' | 'acceptor';

/** One side of a handshake: who it is, and the random bytes that it has sent in its Hello. */
export interface Party {
  readonly actor: ActorId;
  readonly nonce: Uint8Array;
}

/** The size of a nonce in bytes. */
export const nonceBytes = 32;
/** Minimum length of a secret in bytes, because a shorter one can be found by trying. */
const minSecretBytes = 16;

/**
 * The proof of one side. It covers the role, both nonces and both actors, so a proof that was overheard, sent back, or made for
 * another peer is worth nothing. Empty without a secret.
 */
export function proofOf(
  secret: Uint8Array | undefined,
  role: Role,
  parties: {readonly [role in Role]: Party},
): Uint8Array {
  if (!secret) return new Uint8Array(0);
  const {connector, acceptor} = parties;
  const mac = nodeCrypto().createHmac('sha256', secret);
  const parts = [`rxtractor ${protocolVersion} ${role}`, ...partsOf(connector), ...partsOf(acceptor)];
  // The length stands before each part, so that no two different lists of parts give the same bytes.
  for (const part of parts) {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(Buffer.byteLength(part));
    mac.update(length).update(part);
  }
  return new Uint8Array(mac.digest());
}

function partsOf({nonce, actor}: Party): (Uint8Array | string)[] {
  return [nonce, JSON.stringify(actorTuple(actor))];
}

/** Compares in constant time, so that the time of an answer does not tell how many bytes were right. */
export function areSameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && nodeCrypto().timingSafeEqual(one, other);
}

/** @throws TypeError for a secret that is too short */
export function checkSecret(secret: Uint8Array): void {
  if (secret.length < minSecretBytes)
    throw new TypeError(
      `a secret has at least ${minSecretBytes} bytes, this one ${secret.length}: randomBytes(32) makes one`,
    );
}
