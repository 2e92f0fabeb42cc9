/**
 * Connects to an actor at an address, and runs the handshake. It tries again while the other side is too busy to answer.
 * Floor 3: above `transport/connect` and `handshake/start-handshake`; discovery makes a peer of the result.
 */
import {Backoff} from '../base/backoff.js';
import {plainClock} from '../base/clock.js';
import {HandshakeRejected, TransportClosed} from '../base/errors.js';
import {escapeText} from '../base/escape.js';
import {maxFrameBytes} from '../msg/frame.js';
import {type Address, formatAddress} from '../transport/address.js';
import {type ConnectToOptions, connectTo} from '../transport/connect.js';
import {type Credentials, checkCredentials} from './credentials.js';
import {type HandshakeResult, startHandshake} from './handshake/start-handshake.js';

export interface ConnectToActorOptions extends Credentials {
  /** The id of the actor that should be there, if it is known. */
  readonly expected?: string | undefined;
  /** Timeout in ms for everything, all attempts included. */
  readonly timeout: number;
  /** See `ConnectToOptions`. */
  readonly over?: ConnectToOptions['over'];
  /** Aborting it ends the attempt. */
  readonly signal?: AbortSignal | undefined;
}

/** The pauses in ms between attempts. They vary, so that many peers that were refused together do not come back together. */
const pauses = {first: 25, isSpread: true};

/** @throws TypeError without a secret, HandshakeRejected, and what `connectTo` throws */
export async function connectToActor(address: Address, options: ConnectToActorOptions): Promise<HandshakeResult> {
  checkCredentials(address, options);
  const due = plainClock.now() + options.timeout;
  const backoff = new Backoff(pauses);
  for (;;) {
    const timeout = Math.max(0, Math.ceil(due - plainClock.now()));
    const transport = await connectTo(address, {...options, maxFrameBytes, timeout});
    const where = escapeText(formatAddress(address));
    try {
      return await startHandshake(transport, {...options, role: 'connector', where, timeout}).result;
    } catch (error) {
      const wait = backoff.next();
      if (!mayBeBusy(address, error) || plainClock.now() + wait >= due) throw error;
      // After an abort the next attempt rejects.
      await plainClock.pause(wait, {signal: options.signal});
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
