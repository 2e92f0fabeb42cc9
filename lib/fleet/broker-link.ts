/**
 * The connection to the broker (NATS), kept for as long as somebody needs it: after a loss it is made again, and nothing is published
 * meanwhile, because the package would keep it without bound, and then lose it.
 * Floor 6: below `broker-relay`, `heard-hosts` and `announcer`. The package is an optional peer, loaded here alone.
 */
import type {Authenticator, Msg, NatsConnection} from '@nats-io/transport-node';
import {plainClock, type Stop} from '../base/clock.js';
import {ResourceExhausted} from '../base/errors.js';
import {attempt, messageOf, readProperty, thrownText} from '../base/foreign.js';
import {log} from '../base/log.js';
import {isLoopbackHost} from '../transport/address.js';
import {subjectPart} from '../transport/relay/subject-part.js';
import type {NatsOptions} from './nats-options.js';

type Package = typeof import('@nats-io/transport-node');

export interface BrokerOptions {
  /** `host:port` of each of its servers. */
  readonly servers: readonly string[];
  readonly nats: NatsOptions;
  /** The name of this end in subjects: that of a host, or of a root. */
  readonly self: string;
}

/** Answers the one message that was heard, where an answer is wanted. */
export type Respond = (bytes: Uint8Array) => void;
export type Heard = (bytes: Uint8Array, subject: string, respond: Respond) => void;

interface Listening {
  readonly subject: string;
  readonly heard: Heard;
  /** Ends the subscription of the connection that is used at the moment. */
  leave: Stop;
}

/** Maximum time in ms for one attempt to connect. */
const connectMs = 2_000;
/** For how long the server may take what was published last, in ms. */
const drainMs = 2_000;
/** The pause in ms between two attempts. */
const pauseMs = 250;
/** A server that answers none of this many pings, one each second, is gone. The default of the package is 4 minutes. */
const pings = {pingInterval: 1_000, maxPingOut: 2};
/** The link keeps this many refusals of the server, because a server may refuse without end. */
const maxRefusals = 16;
/** The limit of a server that says nothing. */
const usualMaxBytes = 1024 * 1024;

/** @throws ResourceExhausted `package`, which says what to install */
export async function loadNats(): Promise<Package> {
  try {
    return await import('@nats-io/transport-node');
  } catch (cause) {
    const isMissing = readProperty(cause, 'code') === 'ERR_MODULE_NOT_FOUND';
    if (!isMissing || !messageOf(cause)?.includes('@nats-io/transport-node')) throw cause;
    const text = 'hosts over a broker need a package that is not installed: npm install @nats-io/transport-node';
    throw new ResourceExhausted(text, {what: 'package', cause});
  }
}

export class BrokerLink {
  /** For texts: `nats://broker:4222`. */
  readonly where: string;
  readonly #nats: Package;
  readonly #options: BrokerOptions;
  readonly #closing = new AbortController();
  readonly #level: 'warn' | 'runtime';
  readonly #listenings = new Set<Listening>();
  readonly #watchers = new Set<(isUp: boolean) => void>();
  #connection: NatsConnection | undefined;
  #isUp = false;
  #fault = 'it has not answered yet';
  readonly #refusals = new Set<string>();
  #running: Promise<void> = Promise.resolve();

  /** Begins to connect. @throws ResourceExhausted `package` */
  static async open(options: BrokerOptions): Promise<BrokerLink> {
    return new BrokerLink(await loadNats(), options);
  }

  private constructor(nats: Package, options: BrokerOptions, level: 'warn' | 'runtime' = 'warn') {
    this.#nats = nats;
    this.#options = options;
    this.#level = level;
    this.where = options.servers.map(server => `nats://${server}`).join(', ');
    this.#running = this.#run();
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** Why it is not up. */
  get fault(): string {
    return `${this.where}: ${this.#fault}`;
  }

  /** The texts with which the server has refused a subject or a login since the link last reached it. */
  get refusals(): readonly string[] {
    return [...this.#refusals];
  }

  /** Maximum number of bytes in a message. */
  get maxBytes(): number {
    return this.#connection?.info?.max_payload ?? usualMaxBytes;
  }

  /** One more connection to the same broker. What happens to the broker is logged for the first one. */
  another(): BrokerLink {
    return new BrokerLink(this.#nats, this.#options, 'runtime');
  }

  /** Calls the watcher when the broker is there, now or later, and when it is not any more. */
  watch(watcher: (isUp: boolean) => void): Stop {
    this.#watchers.add(watcher);
    if (this.#isUp) watcher(true);
    return () => void this.#watchers.delete(watcher);
  }

  /** Hears a subject, also over later connections, until it is stopped. */
  listen(subject: string, heard: Heard): Stop {
    const listening: Listening = {subject, heard, leave: () => {}};
    this.#listenings.add(listening);
    if (this.#connection) this.#subscribe(this.#connection, listening);
    return () => {
      this.#listenings.delete(listening);
      listening.leave();
    };
  }

  /** Nothing while the broker is away. */
  publish(subject: string, bytes: Uint8Array, reply?: string): void {
    // A connection that is about to end refuses.
    if (this.#isUp) attempt(() => this.#connection?.publish(subject, bytes, reply === undefined ? {} : {reply}));
  }

  /** Sends what was published, and closes. A server that is not there is not waited for: it may never come back. */
  async close(): Promise<void> {
    this.#closing.abort();
    const connection = this.#connection;
    if (connection && !(await this.#sends(connection))) await attempt(() => connection.close())?.catch(() => {});
    await this.#running;
  }

  /** Whether the server has taken what was published. Then the connection is closed. */
  async #sends(connection: NatsConnection): Promise<boolean> {
    if (!this.#isUp) return false;
    const drained = attempt(() => connection.drain())?.catch(() => {});
    return drained !== undefined && plainClock.within(drained, drainMs);
  }

  /** One connection after the other. Each comes back by itself after a cut, until it is closed: then a server has refused it. */
  async #run(): Promise<void> {
    const {signal} = this.#closing;
    while (!signal.aborted) {
      try {
        const connection = await this.#connect();
        await this.#use(connection);
      } catch (error) {
        this.#down(faultText(error));
      }
      await plainClock.pause(pauseMs, {background: true, signal});
    }
  }

  async #connect(): Promise<NatsConnection> {
    const {servers, nats, self} = this.#options;
    const {user, pass} = nats;
    const authenticator = this.#authenticator();
    return this.#nats.connect({
      servers: [...servers],
      name: `rxtractor ${self}`,
      inboxPrefix: `_INBOX.${subjectPart(self)}`,
      timeout: connectMs,
      maxReconnectAttempts: -1,
      reconnectTimeWait: pauseMs,
      ...pings,
      ...(user !== undefined && {user}),
      ...(pass !== undefined && {pass}),
      ...(authenticator && {authenticator}),
    });
  }

  #authenticator(): Authenticator | undefined {
    const {creds, nkey} = this.#options.nats;
    if (creds !== undefined) return this.#nats.credsAuthenticator(Buffer.from(creds));
    return nkey === undefined ? undefined : this.#nats.nkeyAuthenticator(Buffer.from(nkey.trim()));
  }

  /** Resolves when it is closed for good. */
  async #use(connection: NatsConnection): Promise<void> {
    if (this.#closing.signal.aborted) return connection.close();
    const fault = openFault(connection);
    if (fault !== undefined) {
      await connection.close();
      throw new Error(fault);
    }
    this.#connection = connection;
    for (const listening of this.#listenings) this.#subscribe(connection, listening);
    void this.#follow(connection);
    this.#up();
    const error = await connection.closed();
    this.#connection = undefined;
    this.#down(error ? faultText(error) : 'the connection was closed');
  }

  async #follow(connection: NatsConnection): Promise<void> {
    for await (const status of connection.status()) {
      if (status.type === 'disconnect') this.#down('the connection was lost');
      else if (status.type === 'reconnect') this.#up();
      else if (status.type === 'error') this.#refused(faultText(status.error));
    }
  }

  /** Logged once, although each beat may try it again. */
  #refused(fault: string): void {
    const text = `${this.where}: ${fault}`;
    if (this.#refusals.has(text)) return;
    const [first] = this.#refusals;
    if (first !== undefined && this.#refusals.size === maxRefusals) this.#refusals.delete(first);
    this.#refusals.add(text);
    log(this.#level, text);
  }

  #subscribe(connection: NatsConnection, listening: Listening): void {
    const callback = (error: Error | null, message: Msg): void => {
      // A refusal by the server. It is told as a status too.
      if (error) return;
      listening.heard(message.data, message.subject, bytes => void attempt(() => message.respond(bytes)));
    };
    // A connection that is about to end refuses.
    const subscription = attempt(() => connection.subscribe(listening.subject, {callback}));
    listening.leave = () => void attempt(() => subscription?.unsubscribe());
  }

  #up(): void {
    if (this.#isUp) return;
    this.#isUp = true;
    this.#refusals.clear();
    for (const watcher of [...this.#watchers]) watcher(true);
  }

  #down(fault: string): void {
    const isClosing = this.#closing.signal.aborted;
    if (!isClosing && (this.#isUp || fault !== this.#fault)) log(this.#level, `${this.where} is not there: ${fault}`);
    this.#fault = fault;
    if (!this.#isUp) return;
    this.#isUp = false;
    if (!isClosing) for (const watcher of [...this.#watchers]) watcher(false);
  }
}

/** Anybody who reaches a server that asks nothing could pass for a host. */
function openFault(connection: NatsConnection): string | undefined {
  const server = connection.getServer();
  const host = server.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  const asks = connection.info?.auth_required === true || readProperty(connection.info, 'tls_verify') === true;
  return asks || isLoopbackHost(host)
    ? undefined
    : `${server} does not ask who connects: it needs users (nkeys, for example), unless it is on this host`;
}

/** Why the server has refused something, and what helps where the package does not say it. */
function faultText(error: unknown): string {
  const text = thrownText(error);
  const name = readProperty(error, 'name');
  if (name === 'PermissionViolationError')
    return `it does not allow this user everything (${text}): see Security in docs/guide/hosts.md`;
  // A server that had too much to do says it with the same class.
  const isUnknown = name === 'AuthorizationError' || name === 'UserAuthenticationExpiredError';
  if (!isUnknown || /timeout/i.test(text)) return text;
  return `it does not know this user (${text}): check \`nats\` of the program, or --nats-user, --nats-nkey or --nats-creds of the daemon`;
}
