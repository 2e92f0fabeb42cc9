/**
 * Runs the handshake on a new transport, from the first byte until both sides know each other, and gives out a transport for
 * what comes after it.
 * Floor 3: above `handshake`; `connect-to-actor` and `listen-for-actors` use it, one at each end.
 */
import {onAbort} from '../../base/abort.js';
import type {ActorId} from '../../base/actor-id.js';
import {plainClock, type Stop} from '../../base/clock.js';
import {deferred} from '../../base/deferred.js';
import {ContextCancelled, HandshakeRejected, ProtocolError, TransportClosed} from '../../base/errors.js';
import {escapeText} from '../../base/escape.js';
import {isError, thrownText} from '../../base/foreign.js';
import {maxHeaderBytes, readFrame, writeHeader} from '../../msg/frame.js';
import {FramedTransport} from '../../transport/framed.js';
import {lengthBytes, writeLength} from '../../transport/framing.js';
import type {Ending, Transport} from '../../transport/transport.js';
import {type ControlMessage, Handshake, type HandshakeOptions, maxHandshakeBytes} from './handshake.js';
import {HandshakeTransport} from './handshake-transport.js';

/** The result of a handshake: the peer, and a transport that delivers only what comes after the handshake. */
export interface HandshakeResult {
  readonly transport: Transport;
  readonly peer: ActorId;
}

export interface StartHandshakeOptions extends HandshakeOptions {
  /** The connection in words, for error texts: for example its address. It must be safe to print. */
  readonly where: string;
  /** Timeout in ms for the whole handshake. */
  readonly timeout: number;
  /** Aborting it ends the handshake. */
  readonly signal?: AbortSignal | undefined;
  /** Called when the handshake has succeeded or the transport has ended, so that it holds nothing any more. Never within the call. */
  released?(): void;
}

/** A handshake that was started. */
export interface RunningHandshake {
  /** Rejects with HandshakeRejected, TransportClosed, or ContextCancelled after the signal. */
  readonly result: Promise<HandshakeResult>;
  /** Ends it at once with an error. @param farewell messages that are still sent to the peer */
  refuse(error: HandshakeRejected, farewell?: readonly ControlMessage[]): void;
}

export function startHandshake(inner: Transport, options: StartHandshakeOptions): RunningHandshake {
  const handshake = new Handshake(options);
  // The first bytes of TLS, HTTP and most other protocols announce a longer frame than this, so these are refused at once.
  if (inner instanceof FramedTransport) inner.limitFrames(maxHandshakeBytes + maxHeaderBytes);
  const transport = new HandshakeTransport(inner);
  const result = deferred<HandshakeResult>();
  let isOver = false;
  let stopWaiting: Stop = () => {};
  let stopListening: Stop = () => {};
  const send = (messages: readonly ControlMessage[]): void => {
    if (messages.length > 0) inner.write(messages.map(frameOf));
  };
  const end = (): void => {
    isOver = true;
    stopWaiting();
    stopListening();
  };
  const fail = (error: Error, farewell: readonly ControlMessage[] = []): void => {
    if (isOver) return;
    end();
    result.reject(error);
    send(farewell);
    // A peer that has spoken the protocol gets the reason before the end. From another peer nothing more is read.
    if (farewell.length > 0) inner.close();
    else inner.destroy();
  };
  const receive = (bytes: Uint8Array): void => {
    if (isOver) return;
    try {
      const frame = readFrame(bytes);
      if (frame.more) throw new ProtocolError('a greeting arrived in pieces');
      const step = handshake.receive(frame);
      send(step.send);
      if (!step.peer) return;
      end();
      if (inner instanceof FramedTransport) inner.limitFrames();
      transport.endHandshake();
      result.resolve({transport, peer: step.peer});
      options.released?.();
    } catch (error) {
      fail(handshakeError(error, options.where), handshake.farewell);
    }
  };
  const ended = (ending: Ending): void => {
    fail(endError(ending, options.where));
    options.released?.();
  };
  transport.startHandshake(receive, ended);
  stopWaiting = plainClock.deadline(options.timeout, () => fail(timeoutError(options)));
  stopListening = onAbort(options.signal, cause => fail(abortedError(options.where, cause)));
  if (!isOver) send(handshake.start());
  return {
    result: result.promise,
    refuse: (error, farewell = []) => {
      if (!isOver) {
        end();
        result.reject(error);
        send(farewell);
      }
      inner.destroy();
    },
  };
}

function frameOf({kind, payload}: ControlMessage): Uint8Array {
  const header = new Uint8Array(maxHeaderBytes);
  const headerBytes = writeHeader(header, 0, kind, false, 0, 0);
  const length = new Uint8Array(lengthBytes);
  writeLength(length, 0, headerBytes + payload.length);
  return Uint8Array.from(Buffer.concat([length, header.subarray(0, headerBytes), payload]));
}

function handshakeError(error: unknown, where: string): Error {
  if (error instanceof HandshakeRejected) {
    const {reason, cause, actor} = error;
    return new HandshakeRejected(`${where}: ${error.message}`, {...(reason ? {reason} : {}), cause, actor});
  }
  return error instanceof ProtocolError ? foreignPeerError(where, error) : (error as Error);
}

const foreignPeerError = (where: string, cause: unknown): HandshakeRejected =>
  new HandshakeRejected(`${where}: the peer does not speak the language of rxtractor`, {reason: 'magic', cause});

function endError({kind, cause}: Ending, where: string): Error {
  if (kind === 'protocol') return foreignPeerError(where, cause);
  const because = isError(cause) ? `: ${escapeText(thrownText(cause))}` : '';
  // With TLS 1.3 the listening side checks the certificate of the connecting side only after the connection is open.
  if (/^ERR_SSL/.test((cause as NodeJS.ErrnoException | undefined)?.code ?? ''))
    return new HandshakeRejected(`${where}: the other side refused the certificate${because}`, {
      reason: 'certificate',
      cause,
    });
  const perhaps = where.startsWith('tls:') ? 'have refused the certificate' : 'have no file descriptor left';
  const text = `${where}: the connection ended within the greeting (the other side may ${perhaps})${because}`;
  return new TransportClosed(text, {kind, cause});
}

const timeoutError = ({where, timeout}: StartHandshakeOptions): HandshakeRejected =>
  new HandshakeRejected(
    `${where}: the peer has not greeted within ${timeout} ms (timeouts.handshake, or the timeout of connect())`,
    {reason: 'timeout'},
  );

const abortedError = (where: string, cause: unknown): ContextCancelled =>
  new ContextCancelled(`connecting to ${where} was cancelled (requested)`, {
    canceller: undefined,
    reason: 'requested',
    cause,
  });
