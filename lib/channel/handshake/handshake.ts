/**
 * The handshake on a connection that anybody could open: each side proves that it knows the secret, without sending the secret.
 * Floor 3: pure, messages in and messages out; above `hello` and `proof`, below `start-handshake`, which runs it on a transport.
 *
 * ```
 * connector                                acceptor
 *   Hello  magic, version, actor, nonce  →
 *                                        ←  Hello  magic, version, actor, nonce
 *   Proof  HMAC(secret, 'connector' …)   →
 *                                           knows the connector; may still refuse it
 *                                        ←  Proof  HMAC(secret, 'acceptor' …)
 *   knows the acceptor
 * ```
 *
 * Instead of any answer, a side can send Goaway with the reason for its refusal. It sends nothing at all to a peer that does not
 * begin with a valid Hello.
 */
import {type ActorId, formatActor} from '../../base/actor-id.js';
import {HandshakeRejected, ProtocolError} from '../../base/errors.js';
import {escapeText} from '../../base/escape.js';
import {platform} from '../../base/platform.js';
import type {Codec} from '../../msg/codec.js';
import {type GoawayPayload, Kind, type Message, protocolVersion} from '../../msg/types.js';
import {encodeHello, readHelloWithNonce} from './hello.js';
import {areSameBytes, checkSecret, nonceBytes, type Party, proofOf, type Role} from './proof.js';

export interface HandshakeOptions {
  readonly role: Role;
  /** The actor of this side. */
  readonly self: ActorId;
  /** At least 16 bytes. Undefined only when certificates prove who the peer is: then the proofs are empty. */
  readonly secret: Uint8Array | undefined;
  readonly codec: Codec;
  /** For the connector: the id of the actor that it wants to reach, if it knows the id. */
  readonly expected?: string | undefined;
  /**
   * For the acceptor: decides about a peer that has proved itself. Returns the error that refuses the peer, or undefined. It is
   * called before this side sends its own proof.
   */
  admit?(peer: ActorId): HandshakeRejected | undefined;
}

/** A message about the channel itself: it is sent with context 0. */
export interface ControlMessage {
  readonly kind: Kind;
  readonly payload: Uint8Array;
}

/** The result of one message that was received. */
export interface HandshakeStep {
  /** The messages to send now. */
  readonly send: readonly ControlMessage[];
  /** The peer, once it has proved itself. Then the handshake is over as soon as `send` is sent. */
  readonly peer?: ActorId;
}

/** Maximum length in bytes of one message of a handshake, because the peer is unknown. A name of that length does not exist. */
export const maxHandshakeBytes = 16 * 1024;
/** Maximum length, in characters, of the text in a Goaway, because it is printed. */
const maxTextLength = 500;

export class Handshake {
  /** The messages that are still to be sent after `receive` has thrown. */
  farewell: readonly ControlMessage[] = [];
  readonly #options: HandshakeOptions;
  readonly #self: Party;
  /** Known after its Hello. */
  #peer: Party | undefined;
  #stage: 'hello' | 'proof' | 'over' = 'hello';

  /** @throws TypeError for a secret that is too short */
  constructor(options: HandshakeOptions) {
    if (options.secret) checkSecret(options.secret);
    this.#options = options;
    this.#self = {actor: options.self, nonce: platform.randomBytes(nonceBytes)};
  }

  /** The messages that this side sends first. */
  start(): readonly ControlMessage[] {
    return this.#options.role === 'connector' ? [this.#hello()] : [];
  }

  /**
   * Takes the next message of the peer.
   *
   * @throws HandshakeRejected with its `reason`. Then the caller sends `farewell` and closes the connection
   */
  receive(message: Message): HandshakeStep {
    try {
      if (this.#stage === 'over') throw rejectedError('magic', 'the peer went on after the end of the greeting');
      if (message.context !== 0 || message.payload.length > maxHandshakeBytes) throw foreignPeerError();
      if (message.kind === Kind.Goaway) throw this.#refusedError(message.payload);
      const step = this.#stage === 'hello' ? this.#receiveHello(message) : this.#receiveProof(message);
      if (step.peer) this.#stage = 'over';
      return step;
    } catch (error) {
      this.#stage = 'over';
      if (error instanceof ProtocolError) throw foreignPeerError(error);
      throw error;
    }
  }

  #receiveHello(message: Message): HandshakeStep {
    const {peer, nonce} = this.#readHello(message);
    if (!(nonce instanceof Uint8Array) || nonce.length !== nonceBytes)
      throw rejectedError('identity', `${formatPeer(peer)} greeted without a nonce of ${nonceBytes} bytes`);
    if (areSameBytes(nonce, this.#self.nonce) || peer.id === this.#options.self.id)
      throw rejectedError('identity', 'the peer sent back the greeting of this side, or claims to be it');
    const {expected, role} = this.#options;
    if (expected !== undefined && peer.id !== expected)
      throw rejectedError('identity', `${formatPeer(peer)} answered instead of the actor that was looked for`);
    this.#peer = {actor: peer, nonce};
    this.#stage = 'proof';
    return {send: [role === 'connector' ? this.#proof() : this.#hello()]};
  }

  #readHello(message: Message): {peer: ActorId; nonce: unknown} {
    try {
      return readHelloWithNonce(this.#options.codec, message);
    } catch (error) {
      // A peer that speaks another version of the protocol is told so. A peer that speaks another protocol is told nothing.
      if (error instanceof HandshakeRejected && error.reason === 'version' && this.#options.role === 'acceptor')
        this.#sayGoodbye('version', `it speaks version ${protocolVersion} of the protocol`);
      throw error;
    }
  }

  #receiveProof(message: Message): HandshakeStep {
    const peer = (this.#peer as Party).actor;
    if (message.kind !== Kind.Proof)
      throw rejectedError('magic', `${formatPeer(peer)} sent a message of kind ${message.kind} instead of its proof`);
    const {role, admit} = this.#options;
    if (!areSameBytes(message.payload, this.#proofOf(role === 'connector' ? 'acceptor' : 'connector'))) {
      const text = `${formatPeer(peer)} does not know the secret of this side`;
      if (role === 'acceptor') this.#sayGoodbye('secret', 'the secrets of the two sides differ');
      throw rejectedError('secret', text, peer);
    }
    if (role === 'connector') return {send: [], peer};
    const refusal = admit?.(peer);
    if (!refusal) return {send: [this.#proof()], peer};
    this.#sayGoodbye(refusal.reason ?? 'refused', refusal.message);
    throw refusal;
  }

  #hello(): ControlMessage {
    return {kind: Kind.Hello, payload: encodeHello(this.#options.codec, this.#options.self, this.#self.nonce)};
  }

  #proof(): ControlMessage {
    return {kind: Kind.Proof, payload: this.#proofOf(this.#options.role)};
  }

  /** The proof that the side with this role has to send. */
  #proofOf(role: Role): Uint8Array {
    const [self, peer] = [this.#self, this.#peer as Party];
    const parties =
      this.#options.role === 'connector' ? {connector: self, acceptor: peer} : {connector: peer, acceptor: self};
    return proofOf(this.#options.secret, role, parties);
  }

  #sayGoodbye(reason: string, text: string): void {
    this.farewell = [goaway(this.#options.codec, reason, text)];
  }

  /** The error for a Goaway of the peer. The peer has not proved who it is, so its text is cut and escaped. */
  #refusedError(payload: Uint8Array): HandshakeRejected {
    const said = this.#options.codec.decode(payload);
    const [reason, text] = Array.isArray(said) ? (said as unknown[]) : [];
    if (typeof reason !== 'string' || typeof text !== 'string') throw foreignPeerError();
    const why = escapeText(text.slice(0, maxTextLength));
    return rejectedError(/^[a-z-]{1,32}$/.test(reason) ? reason : 'refused', `the other side refused: ${why}`);
  }
}

/** A message that refuses the peer. @param reason one word @param text for people; cut after 500 characters */
export function goaway(codec: Codec, reason: string, text: string): ControlMessage {
  const payload: GoawayPayload = [reason, text.slice(0, maxTextLength)];
  return {kind: Kind.Goaway, payload: codec.encode(payload)};
}

/** The peer as a text. A stranger may give itself any name, so the name is cut and escaped. */
const formatPeer = (peer: ActorId): string => escapeText(formatActor({...peer, name: peer.name.slice(0, 100)}));

const rejectedError = (reason: string, text: string, actor?: ActorId): HandshakeRejected =>
  new HandshakeRejected(text, {reason, actor});

const foreignPeerError = (cause?: unknown): HandshakeRejected =>
  new HandshakeRejected('the peer does not speak the language of rxtractor', {reason: 'magic', cause});
