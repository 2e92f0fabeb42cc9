/**
 * The greeting on a road that anybody could take: each side proves that it knows the secret of the tree, and neither says it.
 * Floor 3: pure, messages in and messages out; above `hello`, below `handshake/run`, which puts it on a transport.
 *
 * ```
 * connector                                acceptor
 *   Hello  magic, version, actor, nonce  →
 *                                        ←  Hello  magic, version, actor, nonce
 *   Proof  HMAC(secret, 'connector' …)   →
 *                                           knows the connector, may refuse it all the same
 *                                        ←  Proof  HMAC(secret, 'acceptor' …)
 *   knows the acceptor
 * ```
 *
 * A proof covers the role, both nonces and both actors: one that was overheard, sent back or meant for another is worth nothing.
 * In place of any answer, Goaway says why not; but nothing at all is said to one who does not begin with a Hello of ours.
 */
import {createHmac, randomBytes, timingSafeEqual} from 'node:crypto';
import {type ActorId, formatActor} from '../../base/actor-id.js';
import {HandshakeRejected, ProtocolError} from '../../base/errors.js';
import {escapeText} from '../../base/escape.js';
import type {Codec} from '../../msg/codec.js';
import {actorTuple, type GoawayPayload, Kind, type Message, protocolVersion} from '../../msg/types.js';
import {encodeHello, readGreeting} from './hello.js';

export type Role = 'connector' | 'acceptor';

export interface GreetingOptions {
  readonly role: Role;
  readonly self: ActorId;
  /** Undefined only where certificates prove who is there: then nothing is asked here, and nothing shown. */
  readonly secret: Uint8Array | undefined;
  readonly codec: Codec;
  /** The connector's: the id of the actor it wants, where it knows one. */
  readonly expected?: string | undefined;
  /** The acceptor's: asked about one who has proved itself, before it learns that this side is what it seems. */
  admit?(peer: ActorId): HandshakeRejected | undefined;
}

/** A message about the channel itself: context 0. */
export interface Outgoing {
  readonly kind: Kind;
  readonly payload: Uint8Array;
}

export interface Step {
  readonly send: readonly Outgoing[];
  /** Set at the end: who is there. What is to be sent goes out first. */
  readonly peer?: ActorId;
}

const nonceBytes = 32;
/** Of one message of it. Nobody has a name like that. */
export const maxGreetingBytes = 16 * 1024;
/** Shorter ones can be found by trying. */
const minSecretBytes = 16;
const maxTextLength = 500;

export class Greeting {
  /** What is still to be said after `receive` has thrown. */
  farewell: readonly Outgoing[] = [];
  readonly #options: GreetingOptions;
  readonly #nonce = randomBytes(nonceBytes);
  #stage: 'hello' | 'proof' | 'over' = 'hello';
  #peer: ActorId | undefined;
  #peerNonce: Uint8Array | undefined;

  constructor(options: GreetingOptions) {
    if (options.secret) checkSecret(options.secret);
    this.#options = options;
  }

  /** What this side says unasked. */
  start(): readonly Outgoing[] {
    return this.#options.role === 'connector' ? [this.#hello()] : [];
  }

  /** @throws HandshakeRejected with its `reason`; then `farewell` goes out, and the road is closed */
  receive(message: Message): Step {
    try {
      if (this.#stage === 'over') throw rejected('magic', 'the peer went on after the end of the greeting');
      if (message.context !== 0 || message.payload.length > maxGreetingBytes) throw notOurs();
      if (message.kind === Kind.Goaway) throw this.#refusal(message.payload);
      const step = this.#stage === 'hello' ? this.#receiveHello(message) : this.#receiveProof(message);
      if (step.peer) this.#stage = 'over';
      return step;
    } catch (error) {
      this.#stage = 'over';
      if (error instanceof ProtocolError) throw notOurs(error);
      throw error;
    }
  }

  #receiveHello(message: Message): Step {
    const {peer, nonce} = this.#readHello(message);
    if (!(nonce instanceof Uint8Array) || nonce.length !== nonceBytes)
      throw rejected('identity', `${formatPeer(peer)} greeted without a nonce of ${nonceBytes} bytes`);
    if (timingSafeEqual(nonce, this.#nonce) || peer.id === this.#options.self.id)
      throw rejected('identity', 'the peer sent back the greeting of this side, or claims to be it');
    const {expected, role} = this.#options;
    if (expected !== undefined && peer.id !== expected)
      throw rejected('identity', `${formatPeer(peer)} answered in place of the actor that was looked for`);
    this.#peer = peer;
    this.#peerNonce = nonce;
    this.#stage = 'proof';
    return {send: [role === 'connector' ? this.#proof() : this.#hello()]};
  }

  #readHello(message: Message): {peer: ActorId; nonce: unknown} {
    try {
      return readGreeting(this.#options.codec, message);
    } catch (error) {
      // Only one who speaks the language is told that it is another version of it.
      if (error instanceof HandshakeRejected && error.reason === 'version' && this.#options.role === 'acceptor')
        this.#sayGoodbye('version', `it speaks version ${protocolVersion} of the protocol`);
      throw error;
    }
  }

  #receiveProof(message: Message): Step {
    const peer = this.#peer as ActorId;
    if (message.kind !== Kind.Proof)
      throw rejected('magic', `${formatPeer(peer)} sent a message of kind ${message.kind} in place of its proof`);
    const {role, admit} = this.#options;
    const wanted = this.#macOf(role === 'connector' ? 'acceptor' : 'connector');
    const given = message.payload;
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) {
      const text = `${formatPeer(peer)} does not know the secret of this side`;
      if (role === 'acceptor') this.#sayGoodbye('secret', 'the secrets of the two sides differ');
      throw rejected('secret', text, peer);
    }
    if (role === 'connector') return {send: [], peer};
    const refusal = admit?.(peer);
    if (!refusal) return {send: [this.#proof()], peer};
    this.#sayGoodbye(refusal.reason ?? 'refused', refusal.message);
    throw refusal;
  }

  #hello(): Outgoing {
    return {kind: Kind.Hello, payload: encodeHello(this.#options.codec, this.#options.self, this.#nonce)};
  }

  #proof(): Outgoing {
    return {kind: Kind.Proof, payload: this.#macOf(this.#options.role)};
  }

  /** Each part with its length in front: no two lists of parts give the same bytes. */
  #macOf(label: Role): Uint8Array {
    const {secret, self, role} = this.#options;
    if (!secret) return new Uint8Array(0);
    const [mine, theirs] = [
      [this.#nonce, textOf(self)] as const,
      [this.#peerNonce as Uint8Array, textOf(this.#peer as ActorId)] as const,
    ];
    const [connector, acceptor] = role === 'connector' ? [mine, theirs] : [theirs, mine];
    const mac = createHmac('sha256', secret);
    for (const part of [`rxtractor ${protocolVersion} ${label}`, ...connector, ...acceptor]) {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(Buffer.byteLength(part));
      mac.update(length).update(part);
    }
    return new Uint8Array(mac.digest());
  }

  #sayGoodbye(reason: string, text: string): void {
    this.farewell = [goaway(this.#options.codec, reason, text)];
  }

  /** What a Goaway says. Nobody knows yet who sends it. */
  #refusal(payload: Uint8Array): HandshakeRejected {
    const said = this.#options.codec.decode(payload);
    const [reason, text] = Array.isArray(said) ? (said as unknown[]) : [];
    if (typeof reason !== 'string' || typeof text !== 'string') throw notOurs();
    const why = escapeText(text.slice(0, maxTextLength));
    return rejected(/^[a-z-]{1,32}$/.test(reason) ? reason : 'refused', `the other side refused: ${why}`);
  }
}

export function goaway(codec: Codec, reason: string, text: string): Outgoing {
  const payload: GoawayPayload = [reason, text.slice(0, maxTextLength)];
  return {kind: Kind.Goaway, payload: codec.encode(payload)};
}

/** @throws TypeError for a secret that is no secret */
export function checkSecret(secret: Uint8Array): void {
  if (secret.length < minSecretBytes)
    throw new TypeError(
      `a secret has at least ${minSecretBytes} bytes, this one ${secret.length}: randomBytes(32) makes one`,
    );
}

const textOf = (actor: ActorId): string => JSON.stringify(actorTuple(actor));

/** The name is what a stranger says. */
const formatPeer = (peer: ActorId): string => escapeText(formatActor({...peer, name: peer.name.slice(0, 100)}));

const rejected = (reason: string, text: string, actor?: ActorId): HandshakeRejected =>
  new HandshakeRejected(text, {reason, actor});

const notOurs = (cause?: unknown): HandshakeRejected =>
  new HandshakeRejected('the peer does not speak the language of rxtractor', {reason: 'magic', cause});
