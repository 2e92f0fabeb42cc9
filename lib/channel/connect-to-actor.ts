/**
 * Connects to an actor at an address, and runs the handshake. It tries again while the other side is too busy to answer.
 * Floor 3: above `transport/connect` and `handshake/start-handshake`; discovery makes a peer of the result.
 */
import {onAbort} from '../base/abort.js';
import {plainClock} from '../base/clock.js';
import {HandshakeRejected, TransportClosed} from '../base/errors.js';
import {escapeText} from '../base/escape.js';
import {maxFrameBytes} from '../msg/frame.js';
import {type Address, formatAddress} from '../transport/address.js';
import {connectTo} from '../transport/connect.js';
import {type Credentials, checkCredentials} from './credentials.js';
import {type HandshakeResult, startHandshake} from './handshake/start-handshake.js';

export interface ConnectToActorOptions extends Credentials {
  /** The id of the actor that should be there, if it is known. */
  readonly expected?: string | undefined;
  /** Timeout in ms for everything, all attempts included. */
  readonly timeout: number;
  /** Aborting it ends the attempt. */
  readonly signal?: AbortSignal | undefined;
}

/** The pause in ms before the second attempt. Each later pause is twice as long. */
const firstPauseMs = 25;

/** @throws TypeError without a secret, HandshakeRejected, and what `connectTo` throws */
export async function connectToActor(address: Address, options: ConnectToActorOptions): Promise<HandshakeResult> {
  checkCredentials(address, options);
  const due = plainClock.now() + options.timeout;
  for (let pause = firstPauseMs; ; pause *= 2) {
    const timeout = Math.max(0, Math.ceil(due - plainClock.now()));
    const transport = await connectTo(address, {...options, maxFrameBytes, timeout});
    const where = escapeText(formatAddress(address));
    try {
      return await startHandshake(transport, {...options, role: 'connector', where, timeout}).result;
    } catch (error) {
      // A random part, so that many peers that were refused together do not come back together.
      const wait = pause * (0.5 + Math.random());
      if (!mayBeBusy(address, error) || plainClock.now() + wait >= due) throw error;
      await pauseFor(wait, options.signal);
    }
  }
}

/**
 * Whether the other side may have had no room or no descriptor for this connection. Without a descriptor it accepts the
 * connection and closes it at once. With TLS that would have happened within the TLS handshake; an end after it means that the
 * other side has refused the certificate.
 */
function mayBeBusy(address: Address, error: unknown): boolean {
  if (error instanceof HandshakeRejected) return error.reason === 'busy';
  return address.kind !== 'tls' && error instanceof TransportClosed && (error.kind === 'eof' || error.kind === 'reset');
}

/** Resolves after `ms` milliseconds, or when the signal aborts. The next attempt then rejects. */
function pauseFor(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise(resolve => {
    const stopTimer = plainClock.timer(ms, () => done());
    let stopListening = (): void => {};
    const done = (): void => {
      stopTimer();
      stopListening();
      resolve();
    };
    stopListening = onAbort(signal, done);
  });
}
