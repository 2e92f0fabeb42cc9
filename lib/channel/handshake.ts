/**
 * The first message on a channel: who is there, and in which version of the language.
 * Floor 3: beside `channel`; anything else first is refused.
 */
import type {ActorId} from '../base/address.js';
import {HandshakeRejected} from '../base/errors.js';
import type {Codec} from '../msg/codec.js';
import {
  actorFromTuple,
  actorTuple,
  type HelloPayload,
  Kind,
  type Message,
  protocolMagic,
  protocolVersion,
} from '../msg/types.js';

export function encodeHello(codec: Codec, self: ActorId): Uint8Array {
  const hello: HelloPayload = [protocolMagic, protocolVersion, actorTuple(self)];
  return codec.encode(hello);
}

/** Who the peer is. @throws HandshakeRejected when the message is no Hello of our version */
export function readHello(codec: Codec, message: Message): ActorId {
  if (message.kind !== Kind.Hello)
    throw new HandshakeRejected(`the peer began with a message of kind ${message.kind} in place of a greeting`);
  const payload = codec.decode(message.payload);
  const [magic, version, actor] = Array.isArray(payload) ? (payload as unknown[]) : [];
  if (magic !== protocolMagic) throw new HandshakeRejected('the peer does not speak the language of rxtractor');
  if (version !== protocolVersion) {
    throw new HandshakeRejected(
      `the peer speaks version ${String(version)} of the protocol, this side version ${protocolVersion}: install the same version of rxtractor at both ends`,
    );
  }
  const peer = actorFromTuple(actor);
  if (!peer) throw new HandshakeRejected('the peer did not say who it is');
  return peer;
}
