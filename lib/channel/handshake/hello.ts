/**
 * The first message on a channel: who is there, and in which version of the language.
 * Floor 3: beside `channel`; anything else first is refused. `proof` adds what a road asks for that anybody could take.
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

/** @param nonce for a peer that must prove itself; left out on an inherited pair */
export function encodeHello(codec: Codec, self: ActorId, nonce?: Uint8Array): Uint8Array {
  const actor = actorTuple(self);
  const hello: HelloPayload = nonce
    ? [protocolMagic, protocolVersion, actor, nonce]
    : [protocolMagic, protocolVersion, actor];
  return codec.encode(hello);
}

/** Who the peer is. @throws HandshakeRejected when the message is no Hello of our version */
export function readHello(codec: Codec, message: Message): ActorId {
  return readGreeting(codec, message).peer;
}

/** Who the peer is, and the nonce as it came. @throws HandshakeRejected */
export function readGreeting(codec: Codec, message: Message): {readonly peer: ActorId; readonly nonce: unknown} {
  if (message.kind !== Kind.Hello) {
    const text = `the peer began with a message of kind ${message.kind} in place of a greeting`;
    throw new HandshakeRejected(text, {reason: 'magic'});
  }
  const payload = codec.decode(message.payload);
  const [magic, version, actor, nonce] = Array.isArray(payload) ? (payload as unknown[]) : [];
  if (magic !== protocolMagic)
    throw new HandshakeRejected('the peer does not speak the language of rxtractor', {reason: 'magic'});
  if (version !== protocolVersion) {
    // What a stranger says in place of a number is not repeated.
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
