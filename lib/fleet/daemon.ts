/**
 * The daemon of a host: it starts processes for actors that other programs place here, and ends them when their lease is over. It runs no
 * code of a user, so that it is never too busy for a beat.
 * Floor 6: above `lease` and `daemon-process`; the command `rxtractor host` opens it.
 */
import {once} from 'node:events';
import {type AddressInfo, createServer, type Server, type Socket} from 'node:net';
import type {Duplex} from 'node:stream';
import {TLSSocket} from 'node:tls';
import {Actor} from '../actor/actor.js';
import {Peer} from '../actor/peer.js';
import {defaultTimeouts} from '../actor/tree-options.js';
import {newActorId, newId} from '../base/actor-id.js';
import {plainClock, type Stop} from '../base/clock.js';
import {log} from '../base/log.js';
import {Acceptor} from '../channel/listen-for-actors.js';
import type {CalleeContext} from '../context/rx/callee-context.js';
import {messagePack} from '../msg/codec.js';
import {maxFrameBytes} from '../msg/frame.js';
import {formatAddress, type NetworkAddress} from '../transport/address.js';
import {isHandedOver, prologueBytes, ticketIn} from '../transport/handed-over.js';
import {listenRelayed} from '../transport/relayed-listener.js';
import {SocketTransport} from '../transport/socket.js';
import {serverOptions, type TlsOptions} from '../transport/tls.js';
import {Admission, type AdmissionOptions, type Admitted} from './admission.js';
import {checkBeats, checkBundle, checkOrder} from './check-order.js';
import {
  beatsThere,
  bundleThere,
  type HostAnswers,
  hostAnswers,
  infoThere,
  type Lines,
  type Order,
  type Placed,
  type Report,
  spawnThere,
} from './contract.js';
import {beginDaemonProcess, type DaemonProcess} from './daemon-process.js';
import {Drain, type Drainable} from './drain.js';
import {HeldSession, type Hold} from './held-session.js';
import {type HostInfo, nowhere} from './host-info.js';
import {OutputQueue} from './output-queue.js';
import {infoOfSystem} from './own-info.js';
import {refusedError} from './refused.js';
import type {Relay} from './road.js';
import {subjectOf} from './subject.js';
import {Tickets} from './tickets.js';
import {WaitingSockets} from './waiting-sockets.js';
import {Watchdog} from './watchdog.js';

export interface DaemonOptions extends AdmissionOptions {
  readonly name: string;
  readonly address: NetworkAddress;
  readonly tls: TlsOptions;
  /** The labels by which a program may choose this host: `['gpu', 'eu']`. */
  readonly labels: readonly string[];
  /** Where others reach it. Undefined: where it listens. `none`: through the broker only. */
  readonly advertised: string | undefined;
}

/** Opens the daemon. Resolves when it serves, with the address at which it does. */
export async function openDaemon(options: DaemonOptions): Promise<Daemon> {
  const daemon = new Daemon(options);
  await daemon.listen();
  return daemon;
}

export class Daemon implements Drainable {
  readonly #options: DaemonOptions;
  readonly #id;
  readonly #server: Server;
  /** Nobody knows yet what they are. */
  readonly #strangers = new WaitingSockets<Duplex>(defaultTimeouts.handshake);
  readonly #tickets = new Tickets();
  readonly #admission: Admission;
  /** By the subject and the name of the session, because only the program that has begun a session may use it. */
  readonly #sessions = new Map<string, HeldSession>();
  readonly #peers = new Set<Peer>();
  readonly #drain = new Drain();
  readonly #watchdog = new Watchdog();
  readonly #stops: Stop[] = [];
  #count = 0;
  #changed = (): void => {};
  address = '';

  constructor(options: DaemonOptions) {
    this.#options = options;
    this.#id = newActorId(options.name);
    this.#admission = new Admission(options);
    this.#server = createServer({noDelay: true}, socket => this.#connected(socket));
  }

  async listen(): Promise<void> {
    const {host, port} = this.#options.address;
    this.#server.listen({host, port});
    await once(this.#server, 'listening');
    // A connection that the system cannot accept, because no descriptor is left, must not end the daemon and its actors.
    this.#server.on('error', error => log('warn', `a connection was not accepted: ${error.message}`));
    const {port: chosen} = this.#server.address() as AddressInfo;
    this.address = formatAddress({...this.#options.address, port: chosen});
  }

  get actors(): number {
    return this.#count;
  }

  get drained(): Promise<void> {
    return this.#drain.done;
  }

  drain(): void {
    this.#drain.begin(this.#count);
    this.#changed();
  }

  /** Lets itself be reached through a broker too. Streams are taken as connections, because both begin alike. */
  listenAt(relay: Relay): void {
    for (const lane of ['control', 'data'] as const)
      this.#stops.push(
        listenRelayed(relay[lane], {
          self: relay.self,
          lane,
          silence: defaultTimeouts.lease,
          // While it closes, the streams that it has must still be heard.
          accept: stream => void (this.#server.listening ? this.#connected(stream) : stream.destroy()),
        }),
      );
  }

  /** How it is, for those who choose a host. */
  info(): HostInfo {
    const {name, app, labels, advertised, maxActors} = this.#options;
    return {
      ...infoOfSystem(app),
      name,
      id: this.#id.id,
      ...(advertised !== nowhere && {address: advertised ?? this.address}),
      labels,
      actors: this.#count,
      maxActors,
      draining: this.#drain.isOn,
    };
  }

  /** Calls it when the number of its actors has changed, or whether it takes new ones. */
  onChange(changed: () => void): void {
    this.#changed = changed;
  }

  /** Kills its actors. Resolves when they are gone, and their programs have been told. */
  async close(): Promise<void> {
    this.#server.close();
    const held = [...this.#sessions.values()];
    await Promise.all(held.map(session => session.end()));
    // The ends of the sessions are told in this turn, so the channels may not close before it.
    await plainClock.turn();
    const closed = [...this.#peers].map(peer => {
      peer.channel.close();
      return new Promise<void>(resolve => peer.onEnded(() => resolve()));
    });
    await plainClock.within(Promise.all(closed), defaultTimeouts.flush);
    for (const peer of this.#peers) peer.channel.destroy();
    for (const stop of this.#stops) stop();
    this.#watchdog.close();
  }

  /** The first bytes say what a connection is for. */
  #connected(socket: Duplex): void {
    this.#strangers.add(socket, socket);
    socket.on('error', () => socket.destroy());
    socket.once('data', (first: Buffer) => {
      socket.pause();
      socket.unshift(first);
      if (isHandedOver(first[0] ?? 0)) this.#readTicket(socket);
      else this.#secure(socket);
    });
  }

  #readTicket(socket: Duplex): void {
    const read = (): void => {
      const prologue: Buffer | null = socket.read(prologueBytes);
      // The rest of it is still on its way.
      if (prologue === null) return;
      socket.off('readable', read);
      this.#strangers.take(socket);
      const ticket = ticketIn(prologue);
      if (ticket === undefined || socket.readableLength > 0) socket.destroy();
      else this.#tickets.arrived(ticket, socket);
    };
    socket.on('readable', read);
  }

  #secure(socket: Duplex): void {
    const tls = new TLSSocket(socket as Socket, {isServer: true, ...serverOptions(this.#options.tls)});
    tls.on('error', error => {
      log('warn', `a connection was refused in its TLS handshake: ${error.message}`);
      socket.destroy();
    });
    tls.once('secure', () => {
      this.#strangers.take(socket);
      // Without a server around it, the socket leaves it to its user to look at the result.
      const fault = (tls as unknown as {ssl: {verifyError(): Error | null}}).ssl.verifyError();
      if (fault) {
        log('warn', `a certificate was refused: ${fault.message}`);
        tls.destroy();
      } else this.#accept(tls);
    });
  }

  #accept(tls: TLSSocket): void {
    const subject = subjectOf(tls.getPeerCertificate());
    const acceptor = new Acceptor({
      self: this.#id,
      codec: messagePack,
      secret: undefined,
      handshake: defaultTimeouts.handshake,
      accepted: ({transport, peer}) => {
        const face = new Actor({
          id: this.#id,
          root: true,
          codec: messagePack,
          tree: {treeId: newId(), depth: 0, logLevel: 'warn', timeouts: defaultTimeouts},
        });
        for (const fn of [infoThere, beatsThere, bundleThere, spawnThere]) face.exposed.allow(fn);
        hostAnswers.attach(face, this.#answersTo(subject));
        const asking = new Peer(face, transport, 'accepted', {}, peer, false);
        this.#peers.add(asking);
        asking.onEnded(() => this.#peers.delete(asking));
      },
    });
    acceptor.accept(new SocketTransport(tls, {maxFrameBytes}), {
      ...this.#options.address,
      host: tls.remoteAddress ?? 'unknown',
    });
  }

  #answersTo(subject: readonly string[]): HostAnswers {
    return {
      info: () => this.info(),
      beats: (ctx, session, length) => {
        checkBeats(session, length);
        return this.#beats(ctx, keyOf(subject, session), length);
      },
      bundle: (ctx, bundle) => {
        checkBundle(bundle);
        return this.#admission.takeBundle(ctx, bundle, subject, this.#state);
      },
      spawn: (ctx, order) => {
        checkOrder(order);
        return this.#spawn(ctx, order, subject);
      },
    };
  }

  async #beats(ctx: CalleeContext<number, number, undefined>, key: string, length: number): Promise<void> {
    ctx.started.next(undefined);
    let session = this.#sessions.get(key);
    if (!session) {
      session = new HeldSession(length, () => this.#sessions.delete(key), this.#watchdog.watch);
      this.#sessions.set(key, session);
    }
    const wire = ctx.openStream({overflow: 'latest'});
    const stop = session.sendBeats(sentAt => wire.next(sentAt));
    try {
      for await (const sentAt of wire) if (Number.isFinite(sentAt)) session.heard(sentAt);
    } finally {
      stop();
    }
  }

  async #spawn(ctx: CalleeContext<'kill', Lines, Placed>, order: Order, subject: readonly string[]): Promise<Report> {
    const {env, modules, hold} = this.#admitted(order, subject);
    const leave = this.#admission.enter(subject);
    this.#add(1);
    try {
      const channel = await this.#tickets.take(order.ticket, order.timeout, ctx.signal);
      const output = new OutputQueue();
      const started = await beginDaemonProcess({
        order,
        app: this.#options.app,
        host: this.#options.name,
        env,
        modules,
        channel,
        told: (from, line) => output.add(from, line),
      }).catch(error => {
        channel.destroy();
        throw error;
      });
      const {pid, setpriv, exited} = started;
      void exited.then(hold(started));
      // The parent has cancelled, or its connection has ended.
      ctx.signal.addEventListener('abort', () => started.kill());
      if (ctx.signal.aborted) started.kill();
      ctx.started.next({pid, setpriv});
      if (!ctx.signal.aborted) {
        const wire = ctx.openStream();
        output.sendBy(lines => wire.send(lines));
        void killWhenAsked(started, wire);
      }
      const exit = await exited;
      await output.sent();
      return {exit, dropped: output.dropped};
    } finally {
      leave();
      this.#add(-1);
    }
  }

  get #state() {
    return {actors: this.#count, isDraining: this.#drain.isOn};
  }

  #add(change: number): void {
    this.#count += change;
    this.#changed();
    this.#drain.left(this.#count);
  }

  /** @throws SpawnFailed `place` that says what is refused */
  #admitted(order: Order, subject: readonly string[]): Admitted & {readonly hold: Hold} {
    const admitted = this.#admission.check(order, subject, this.#state);
    // The last check, because it begins the lease.
    const hold = this.#sessions.get(keyOf(subject, order.session))?.begin(order.provenAt);
    if (!hold)
      throw refusedError(
        'it has not heard this program for too long, and ends its actors (timeouts.lease): try again later',
      );
    return {...admitted, hold};
  }
}

/** Not by a cancel of the context, after which it has no result: then nobody would learn how the process has ended. */
async function killWhenAsked(started: DaemonProcess, asked: AsyncIterable<'kill'>): Promise<void> {
  try {
    for await (const _ of asked) started.kill();
  } catch {
    // The context has ended with its connection, and the process with it.
  }
}

/** The same session of another subject is another one. */
function keyOf(subject: readonly string[], session: string): string {
  return JSON.stringify([subject, session]);
}
