/**
 * A transport from its first byte to the moment when both sides know each other, and what is left of it then: a transport.
 * Floor 3: puts `proof` on a road; `listen` uses it at both ends.
 */
import {onAbort} from '../../base/abort.js';
import type {ActorId} from '../../base/actor-id.js';
import {plainClock} from '../../base/clock.js';
import {ContextCancelled, HandshakeRejected, ProtocolError, TransportClosed} from '../../base/errors.js';
import {escapeText} from '../../base/escape.js';
import {isError, thrownText} from '../../base/foreign.js';
import {maxHeaderBytes, readFrame, writeHeader} from '../../msg/frame.js';
import {FramedTransport} from '../../transport/framed.js';
import {lengthBytes, writeLength} from '../../transport/framing.js';
import type {Ending, Transport} from '../../transport/transport.js';
import {Greeting, type GreetingOptions, maxGreetingBytes, type Outgoing} from './proof.js';
import {GreetedTransport} from './transport.js';

/** Both sides know each other; nothing of the greeting is delivered by `transport`. */
export interface Greeted {
  readonly transport: Transport;
  readonly peer: ActorId;
}

export interface GreetOptions extends GreetingOptions {
  /** Whom, or what, this is about: an address, safe to print. */
  readonly where: string;
  /** For all of the greeting, in ms. */
  readonly timeout: number;
  readonly signal?: AbortSignal | undefined;
  /** The transport has ended, or the greeting is done: nothing of it waits any more. Never within the call. */
  released?(): void;
}

/** A greeting that is under way. */
export interface Attempt {
  /** Rejects with HandshakeRejected, TransportClosed, or ContextCancelled by the signal. */
  readonly greeted: Promise<Greeted>;
  /** Gives it up, at once, with a word to the other side where there is one. */
  refuse(error: HandshakeRejected, farewell?: readonly Outgoing[]): void;
}

export function greet(inner: Transport, options: GreetOptions): Attempt {
  const greeting = new Greeting(options);
  // A TLS hello, HTTP and most other languages announce more by their first bytes, and are refused at these.
  if (inner instanceof FramedTransport) inner.limitFrames(maxGreetingBytes + maxHeaderBytes);
  const transport = new GreetedTransport(inner);
  let over = false;
  let settle: (greeted: Greeted) => void;
  let reject: (error: Error) => void;
  const greeted = new Promise<Greeted>((yes, no) => {
    settle = yes;
    reject = no;
  });
  const say = (messages: readonly Outgoing[]): void => {
    if (messages.length > 0) inner.write(messages.map(frameOf));
  };
  const end = (): void => {
    over = true;
    stopWaiting();
    stopListening();
  };
  const fail = (error: Error, farewell: readonly Outgoing[] = []): void => {
    if (over) return;
    end();
    reject(error);
    say(farewell);
    // One who has spoken the language hears why before the end; another's bytes are not even read.
    if (farewell.length > 0) inner.close();
    else inner.destroy();
  };
  const receive = (bytes: Uint8Array): void => {
    if (over) return;
    try {
      const frame = readFrame(bytes);
      if (frame.more) throw new ProtocolError('a greeting arrived in pieces');
      const {send, peer} = greeting.receive(frame);
      say(send);
      if (!peer) return;
      end();
      if (inner instanceof FramedTransport) inner.limitFrames();
      transport.pass();
      settle({transport, peer});
      options.released?.();
    } catch (error) {
      fail(faultOf(error, options.where), greeting.farewell);
    }
  };
  const ended = (ending: Ending): void => {
    fail(endOf(ending, options.where));
    options.released?.();
  };
  let stopWaiting = (): void => {};
  let stopListening = (): void => {};
  transport.watch(receive, ended);
  stopWaiting = plainClock.deadline(options.timeout, () => fail(late(options)));
  stopListening = onAbort(options.signal, cause => fail(aborted(options.where, cause)));
  if (!over) say(greeting.start());
  return {
    greeted,
    refuse: (error, farewell = []) => {
      if (!over) {
        end();
        reject(error);
        say(farewell);
      }
      inner.destroy();
    },
  };
}

function frameOf({kind, payload}: Outgoing): Uint8Array {
  const header = new Uint8Array(maxHeaderBytes);
  const headerBytes = writeHeader(header, 0, kind, false, 0, 0);
  const length = new Uint8Array(lengthBytes);
  writeLength(length, 0, headerBytes + payload.length);
  return Uint8Array.from(Buffer.concat([length, header.subarray(0, headerBytes), payload]));
}

function faultOf(error: unknown, where: string): Error {
  if (error instanceof HandshakeRejected) {
    const {reason, cause, actor} = error;
    return new HandshakeRejected(`${where}: ${error.message}`, {...(reason ? {reason} : {}), cause, actor});
  }
  return error instanceof ProtocolError ? notOurs(where, error) : (error as Error);
}

const notOurs = (where: string, cause: unknown): HandshakeRejected =>
  new HandshakeRejected(`${where}: the peer does not speak the language of rxtractor`, {reason: 'magic', cause});

function endOf({kind, cause}: Ending, where: string): Error {
  if (kind === 'protocol') return notOurs(where, cause);
  const because = isError(cause) ? `: ${escapeText(thrownText(cause))}` : '';
  // With TLS 1.3 the listening end looks at our certificate after we have been let in.
  if (/^ERR_SSL/.test((cause as NodeJS.ErrnoException | undefined)?.code ?? ''))
    return new HandshakeRejected(`${where}: the other side refused the certificate${because}`, {
      reason: 'certificate',
      cause,
    });
  const perhaps = where.startsWith('tls:') ? 'have refused the certificate' : 'have no file descriptor left';
  const text = `${where}: the connection ended within the greeting (the other side may ${perhaps})${because}`;
  return new TransportClosed(text, {kind, cause});
}

const late = ({where, timeout}: GreetOptions): HandshakeRejected =>
  new HandshakeRejected(`${where}: the peer has not greeted within ${timeout} ms`, {reason: 'timeout'});

const aborted = (where: string, cause: unknown): ContextCancelled =>
  new ContextCancelled(`connecting to ${where} was cancelled (requested)`, {
    canceller: undefined,
    reason: 'requested',
    cause,
  });
