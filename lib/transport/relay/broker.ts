/**
 * What a relayed stream needs of a connection to a broker, and a connection of NATS as such a one.
 * Floor 2: below `relayed`. It does not load the package of NATS: whoever has connected brings the connection.
 */
import type {Stop} from '../../base/clock.js';
import {attempt} from '../../base/foreign.js';

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

/** The part of a `NatsConnection` (`@nats-io/transport-node`) that is used. */
export interface NatsLike {
  readonly info?: {readonly max_payload?: number} | undefined;
  publish(subject: string, bytes: Uint8Array): void;
  subscribe(
    subject: string,
    options: {callback(error: Error | null, message: {readonly data: Uint8Array; readonly subject: string}): void},
  ): {unsubscribe(): void};
  status(): AsyncIterable<{readonly type: string}>;
  isClosed(): boolean;
  closed(): Promise<unknown>;
}

/** The limit of a server that says nothing. */
const usualMaxBytes = 1024 * 1024;

/** A connection of NATS, for any number of streams. Call it once for each connection. */
export function natsBroker(connection: NatsLike): Broker {
  const watchers = new Set<BrokerWatcher>();
  let isUp = true;
  const tell = (what: (watcher: BrokerWatcher) => void): void => {
    for (const watcher of [...watchers]) what(watcher);
  };
  void followStatus(connection, type => {
    if (type === 'disconnect' && isUp) {
      isUp = false;
      tell(watcher => watcher.cut());
    } else if (type === 'reconnect' && !isUp) {
      isUp = true;
      tell(watcher => watcher.back());
    }
  });
  void connection.closed().then(cause => {
    isUp = false;
    tell(watcher => watcher.closed(cause ?? undefined));
  });
  return {
    get isUp() {
      return isUp && !connection.isClosed();
    },
    maxBytes: connection.info?.max_payload ?? usualMaxBytes,
    publish: (subject, bytes) => {
      // A connection that is about to end refuses. What it has not taken is missed by the other end.
      if (isUp) attempt(() => connection.publish(subject, bytes));
    },
    subscribe: (subject, heard) => {
      const subscription = connection.subscribe(subject, {
        // An error here is a refusal by the server. The stream ends when it has heard nothing for too long.
        callback: (error, message) => void (error ?? heard(message.data, message.subject)),
      });
      return () => attempt(() => subscription.unsubscribe());
    },
    watch: watcher => {
      watchers.add(watcher);
      return () => void watchers.delete(watcher);
    },
  };
}

async function followStatus(connection: NatsLike, told: (type: string) => void): Promise<void> {
  for await (const {type} of connection.status()) told(type);
}
