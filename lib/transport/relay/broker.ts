/**
 * The part of a connection to a broker that a relayed stream needs.
 * Floor 2: below `relayed`. It does not know the package of NATS: `fleet/broker-relay` brings the connection.
 */
import type {Stop} from '../../base/clock.js';

/** A connection to a broker that passes messages on by subject. It may lose messages, and tells when it was cut. */
export interface Broker {
  /** False while there is no connection: what is published then would be kept without bound, and lost. */
  readonly isUp: boolean;
  /** Maximum number of bytes in a message. */
  readonly maxBytes: number;
  /** Sends a message. It may be read later than in this call. */
  publish(subject: string, bytes: Uint8Array): void;
  /** Calls `heard` for each message, until it is stopped. `*` in the subject stands for any part, and `>` for any end. */
  subscribe(subject: string, heard: (bytes: Uint8Array, subject: string) => void): Stop;
  /** Tells of the connection, until it is stopped. */
  watch(watcher: BrokerWatcher): Stop;
}

export interface BrokerWatcher {
  /** The connection has broken. */
  cut(): void;
  /** It is there again. */
  back(): void;
  /** It has ended, and does not come back. */
  closed(cause: unknown): void;
}
