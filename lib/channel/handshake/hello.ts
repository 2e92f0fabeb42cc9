/**
 * The Hello message, which is the first message on a channel: who the sender is, and which version of the protocol it speaks.
 * Floor 3: below `handshake`, which adds the proof for a connection that anybody could open.
 */
import type {ActorId} from '../../base/actor-id.js';
import {HandshakeRejected} from '../../base/errors.js';
import type {Codec} from '../../msg/codec.js';
import {
  actorFromTuple,
  actorTuple,
  type HelloPayload,
  Kind,
  type Message,
  protocolMagic,
  protocolVersion,
} from '../../msg/types.js';

/** @param nonce for a peer that must prove itself; absent on a connection that a child inherits */
export function encodeHello(codec: Codec, self: ActorId, nonce?: Uint8Array): Uint8Array {
  const actor = actorTuple(self);
  const hello: HelloPayload = nonce
    ? [protocolMagic, protocolVersion, actor, nonce]
    : [protocolMagic, protocolVersion, actor];
  return codec.encode(hello);
}

/** Reads who the peer is. @throws HandshakeRejected when the message is not a Hello of this version */
export function readHello(codec: Codec, message: Message): ActorId {
  return readHelloWithNonce(codec, message).peer;
}

/** Reads who the peer is, and its nonce, which is not checked here. @throws HandshakeRejected as `readHello` */
export function readHelloWithNonce(codec: Codec, message: Message): {readonly peer: ActorId; readonly nonce: unknown} {
  if (message.kind !== Kind.Hello) {
    const text = `the peer began with a message of kind ${message.kind} instead of a greeting`;
    throw new HandshakeRejected(text, {reason: 'magic'});
  }
  const payload = codec.decode(message.payload);
  const [magic, version, actor, nonce] = Array.isArray(payload) ? (payload as unknown[]) : [];
  if (magic !== protocolMagic)
    throw new HandshakeRejected('the peer does not speak the language of rxtractor', {reason: 'magic'});
  if (version !== protocolVersion) {
    // A stranger may send any value as its version: only a number is repeated in the text.
    const theirs = typeof version === 'number' ? version : '?';
    throw new HandshakeRejected(
      `the peer speaks version ${theirs} of the protocol, this side version ${protocolVersion}: install the same version of rxtractor at both ends`,
      {reason: 'version'},
    );
  }
  const peer = actorFromTuple(actor);
  if (!peer) throw new HandshakeRejected('the peer did not say who it is', {reason: 'identity'});
  return {peer, nonce};
}
