/**
 * The body of an actor on another host: the daemon there starts its process, and its channel is a connection of its own.
 * Floor 6: a backend beside those of the nursery; `fixed-hosts` chooses the host.
 */
import {Readable} from 'node:stream';
import {placeInApp} from '../actor/codebase.js';
import {onAbort} from '../base/abort.js';
import {plainClock} from '../base/clock.js';
import {type Exit, RemoteActorError, SpawnFailed} from '../base/errors.js';
import {thrownText} from '../base/foreign.js';
import type {Context} from '../context/rx/context.js';
import {relaysOf} from '../nursery/backends/process-carrier.js';
import type {PlaceRequest, Spawned} from '../nursery/backends/spawner.js';
import {newKey, newTicket, type OpenedConnection} from '../transport/handed-over.js';
import {type Bundle, isBundle, pathOfBundle} from './bundle.js';
import {type Lines, type Order, type Placed, type Report, spawnThere} from './contract.js';
import type {HostLink, Loss} from './host-link.js';
import {shipTo} from './ship.js';
import {newToken} from './token.js';

type Lease = Context<Lines, 'kill', Placed, Report>;

/** @param bundle the file that is sent to hosts that do not have it. @throws SpawnFailed `place` */
export async function placeOn(link: HostLink, request: PlaceRequest, bundle?: Bundle): Promise<Spawned> {
  // The timeout is for the start alone: the context lives as long as the actor.
  const late = new AbortController();
  const stop = plainClock.deadline(request.timeout, () => late.abort());
  const tooLate = (what: string): string =>
    `it has not ${what} within ${request.timeout} ms, its part of timeouts.spawn`;
  try {
    if (bundle && request.modules.some(url => isBundle(bundle, url)))
      await shipTo(link, bundle, late.signal).catch(error => {
        throw refusedError(link, request, late.signal.aborted ? tooLate('taken the bundle') : error);
      });
    // Its lease begins with the last beat, so it is made when it can be sent.
    const order = orderOf(link, request, bundle);
    return await begin(link, request, order, late.signal).catch(error => {
      throw refusedError(link, request, late.signal.aborted ? tooLate('started the actor') : error);
    });
  } finally {
    stop();
  }
}

async function begin(link: HostLink, request: PlaceRequest, order: Order, late: AbortSignal): Promise<Spawned> {
  const connection = link.road.openChannel(order.ticket);
  const stopListening = onAbort(late, () => connection.destroy());
  let lease: Lease | undefined;
  try {
    lease = await link.portal.with({signal: late, windowBytes: 1024 * 1024}).openContext(spawnThere, order);
    await connection.taken;
    const transport = await connection.secure(order.key, request.timeout);
    return bodyOf(link, request, {lease, connection, transport});
  } catch (error) {
    connection.destroy();
    await lease?.cancel();
    throw error;
  } finally {
    stopListening();
  }
}

function orderOf(link: HostLink, request: PlaceRequest, bundle: Bundle | undefined): Order {
  const {id, name, treeId, argv, env, cwd, maxHeap, stdio, execArgv = [], timeout} = request;
  const {app, modules} = modulesOf(link, request, bundle);
  return {
    id,
    name,
    treeId,
    session: link.session,
    provenAt: link.lastBeat,
    ticket: newTicket(),
    key: newKey(),
    token: newToken(),
    app,
    modules,
    argv,
    env,
    cwd,
    execArgv,
    maxHeap,
    readsStdout: stdio !== 'ignore',
    timeout,
  };
}

/** @throws SpawnFailed when a module belongs to no app, or two of them to different ones */
function modulesOf(link: HostLink, request: PlaceRequest, bundle: Bundle | undefined): Pick<Order, 'app' | 'modules'> {
  const modules: [string, string, string][] = [];
  let app: string | undefined;
  for (const url of request.modules) {
    if (bundle && isBundle(bundle, url)) {
      modules.push([url, pathOfBundle(bundle), bundle.hash]);
      continue;
    }
    const place = placeInApp(url);
    if (!place) throw refusedError(link, request, `${url} is a file of no app: there is no package.json above it`);
    app ??= place.app;
    if (place.app !== undefined && place.app !== app)
      throw refusedError(link, request, `${url} belongs to the app ${place.app}, not to ${app}`);
    modules.push([url, place.path, place.hash]);
  }
  return {app: app ?? '', modules};
}

function refusedError({host}: HostLink, {name}: PlaceRequest, error: unknown): SpawnFailed {
  const cause = error instanceof RemoteActorError ? error.cause : error;
  const refused = typeof cause === 'string' ? cause : thrownText(cause);
  return new SpawnFailed(`actor ${name} could not be placed on ${host.name}: ${refused}`, {
    phase: 'place',
    offers: [{host: host.name, refused}],
    ...(typeof cause !== 'string' && {cause}),
  });
}

interface Parts {
  readonly lease: Lease;
  readonly connection: OpenedConnection;
  readonly transport: Spawned['transport'];
}

function bodyOf(link: HostLink, request: PlaceRequest, {lease, connection, transport}: Parts): Spawned {
  const {pid, setpriv} = lease.first;
  const [stdout, stderr] = [new Output(), new Output()];
  const wire = lease.openStream();
  let isKilled = false;
  const relays = relaysOf({pid, stdout: request.stdio === 'ignore' ? null : stdout, stderr}, request);
  let unknown: Loss | undefined;
  const ended = async (): Promise<Exit> => {
    const printed = printAll(wire, {stdout, stderr});
    const report = await reportOf(lease, link, connection);
    if ('exit' in report) await printed;
    else unknown = report;
    if ('exit' in report && report.dropped > 0)
      stderr.push(Buffer.from(`${droppedText(request.name, link.host.name, report.dropped)}\n`));
    for (const output of [stdout, stderr]) output.push(null);
    await Promise.all(relays.map(relay => relay.ended));
    for (const relay of relays) relay.finish();
    request.output?.end();
    return 'exit' in report ? report.exit : {code: null, signal: null};
  };
  return {
    pid,
    transport,
    setpriv,
    diesWithParent: setpriv !== null,
    exited: ended(),
    stderrTail: () => relays[0].tail(),
    // Not by a cancel of the lease: only its result says how the process has ended, however late that comes.
    kill: () => {
      if (!isKilled && !wire.closed) wire.next('kill');
      isKilled = true;
    },
    isElsewhere: true,
    roundTrip: () => link.roundTrip,
    unknownEnd: () =>
      unknown && {
        text: `nothing is known of its end on ${link.host.name}: ${unknown.text}`,
        isLost: unknown.isFenced,
        cause: unknown.cause,
      },
  };
}

function droppedText(name: string, host: string, count: number): string {
  return `(lines of ${name} that were dropped on ${host}, because this program did not take them: ${count})`;
}

/** An output that is filled by hand. */
class Output extends Readable {
  override _read(): void {}
}

async function printAll(
  lines: AsyncIterable<Lines>,
  outputs: Readonly<Record<'stdout' | 'stderr', Readable>>,
): Promise<void> {
  try {
    for await (const [from, bytes] of lines) outputs[from].push(bytes);
  } catch {
    // Why it has ended is told by the result.
  }
}

/**
 * The word of the daemon. When it has gone without one, the end of the actor's own connection proves its end, because the system
 * closes it; and where the road is cut, the lease does.
 */
async function reportOf(lease: Lease, link: HostLink, connection: OpenedConnection): Promise<Report | Loss> {
  try {
    return await lease.result();
  } catch (cause) {
    // The watchdog there may have ended it, or not: the lease is over in both cases.
    if (link.loss?.isFenced) return link.loss;
    const closed = connection.ended.then(
      (): Loss => ({text: `its daemon has ended, or has lost its place: ${thrownText(cause)}`, isFenced: false, cause}),
    );
    return Promise.race([closed, link.fenced]);
  }
}
