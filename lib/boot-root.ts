/**
 * The boot of a root: its options, its runtime, its place among other programs, and how all of it is closed.
 * Floor 8: below `main`.
 */
import {Actor} from './actor/actor.js';
import {debuggerDoor} from './actor/debug-mode.js';
import {modulesOf} from './actor/exposed.js';
import type {RemoteFn} from './actor/marks.js';
import {treeSurvey, versionThere} from './actor/survey.js';
import {defaultTimeouts, type Timeouts} from './actor/tree-options.js';
import {windowDoors} from './actor/window-door.js';
import {newActorId, newId} from './base/actor-id.js';
import {Attached} from './base/attached.js';
import {plainClock, type Stop} from './base/clock.js';
import {ResourceExhausted} from './base/errors.js';
import {attempt} from './base/foreign.js';
import {sayLastWords} from './base/instruments.js';
import {lazyPart} from './base/lazy.js';
import {configureLog, type LogFormat, type Logger, type LogLevel, logFormats, logLevels} from './base/log.js';
import {checkAmount, checkBoolean, checkKeys, checkUrls, checkWord} from './base/option-checks.js';
import {closeNames} from './discovery/names.js';
import {type DiscoveryOptions, openNamesAtRoot} from './discovery/root.js';
import {type HostPlan, hostPlanOf} from './fleet/host-addresses.js';
import type {NatsOptions} from './fleet/nats-options.js';
import {messagePack} from './msg/codec.js';
import {placers} from './nursery/backends/spawner.js';
import type {StandbyPlan} from './nursery/backends/standbys.js';
import type {NurseryOptions} from './nursery/nursery.js';
import {type StandbyOptions, standbyPlanOf, standbysOf} from './nursery/standby-options.js';
import {whenNoneStarts} from './nursery/start-queue.js';
import type {TlsOptions} from './transport/tls.js';

/** Options of the root of a tree. */
export interface RootOptions extends NurseryOptions, DiscoveryOptions {
  /** Functions that its actors may call in the root, through `parent()`. Default: none. */
  readonly expose?: ReadonlyArray<RemoteFn | URL>;
  /** From `transport` (everything) to `silent`. All actors inherit it. Default `warn`. */
  readonly logLevel?: LogLevel;
  /** Whether `breakpoint()` stops. All actors inherit it. Default: whether `RXTRACTOR_DEBUG` is `1`. */
  readonly debug?: boolean;
  /** Where the log of this process goes. Default: stderr. */
  readonly logger?: Logger;
  /** How the lines look that go to stderr: `text`, or `json`, one object for each line. All actors inherit it. Default `text`. */
  readonly logFormat?: LogFormat;
  /**
   * Modules that every actor of the tree imports before what it exposes: those that register carriers (`carry`), types or errors,
   * or that start a tracing SDK. The root itself imports its own. An actor that cannot import one is not started. Default: none.
   */
  readonly preload?: readonly URL[];
  /**
   * Whether what travels with calls (`carry`) is taken from actors of other programs too. Default `false`: they could claim
   * anything, such as another tenant. With a `secret` that programs share, the direct links within this tree count as such.
   */
  readonly trustCarriers?: boolean;
  /**
   * Whether observers of the same user may look at the tree (`rxtractor/window`), over a socket in its private folder. Default:
   * `true` under `main`, `false` for `openNursery`. Observers see the types and sizes of the values that go through streams.
   * `{values: 'preview'}` opens the tree too, and shows them how each value begins. Where `RXTRACTOR_WINDOW` is `0` in the
   * environment, the tree stays closed, whatever this option says.
   */
  readonly window?: boolean | {readonly values: 'preview'};
  /** Maximum number of actors in the tree at a time, the root not counted. Default 1 024. */
  readonly maxActors?: number;
  /**
   * How many processes wait to become actors of this process, so that their start takes some milliseconds. They are started in
   * the background, and each is used once: for an actor that has no `env`, `cwd`, `execArgv`, `maxHeap`, `stdio` or `debug` of
   * its own, or the ones that are named here. A waiting process takes somewhat more memory than an idle actor. Default 0.
   */
  readonly standby?: number | StandbyOptions;
  /**
   * Other hosts on which actors can be started (`startActor(name, {host})`): the address of a broker at which they are heard,
   * `'nats://broker:4222'`, or a list of their addresses, `['tls://gpu1:7400']`. A list may name servers of a broker too. On each host a
   * daemon runs, `rxtractor host`. Needs `tls`, and for a broker the package `@nats-io/transport-node`. Default: none.
   */
  readonly hosts?: string | readonly string[];
  /** How the program proves to the broker of `hosts` who it is. Default: not at all. */
  readonly nats?: NatsOptions;
  /** Only hosts that run this app are listed by `listHosts` and `watchHosts`: the name in its `package.json`. Default: all. */
  readonly app?: string;
  /**
   * A file that is sent to other hosts when an actor there exposes functions of it, so that the host need not have it: the path of a module of
   * JavaScript (`'./dist/worker.mjs'`, from the current folder), or its URL. A bundler has joined in it all that it imports, but not `rxtractor`
   * and `rxjs`. At most 32 MiB. The functions under `expose` are imported from this file, or `expose` has its URL. A host takes it only with
   * `--accept-bundles`, from the subjects of `--bundles-from`. Default: none.
   */
  readonly ship?: string | URL;
  /** Times in milliseconds. All actors inherit them. `Timeouts` says the default of each. */
  readonly timeouts?: Partial<Timeouts>;
}

/**
 * Node looks in this folder for what its arguments name, as `--import ./hook.mjs`, and actors inherit the arguments. Read
 * when the package is loaded, because the program may change its current folder later.
 */
const startFolder = attempt(() => process.cwd());

const rootOptions = new Set([
  'name',
  'expose',
  'signal',
  'logLevel',
  'debug',
  'logger',
  'logFormat',
  'preload',
  'trustCarriers',
  'window',
  'maxActors',
  'standby',
  'timeouts',
  'listen',
  'registry',
  'secret',
  'tls',
  'hosts',
  'nats',
  'app',
  'ship',
]);

/**
 * @param isProgram whether `main` opens it
 * @throws TypeError for wrong options, ResourceExhausted on Windows, and the reason why it cannot be reached by others
 */
export async function bootRoot(options: RootOptions, isProgram = false): Promise<Actor> {
  checkPlatform();
  checkKeys(options, rootOptions);
  const logLevel = options.logLevel ?? 'warn';
  checkWord('logLevel', logLevel, logLevels);
  const {logFormat = 'text', preload = [], trustCarriers = false} = options;
  checkWord('logFormat', logFormat, logFormats);
  checkUrls('preload', preload);
  checkBoolean('trustCarriers', trustCarriers);
  const {debug = process.env.RXTRACTOR_DEBUG === '1', window: wanted = isProgram} = options;
  checkWindow(wanted);
  // Who runs a program can close it, whatever its code says.
  const window = process.env.RXTRACTOR_WINDOW !== '0' && wanted;
  checkBoolean('debug', debug);
  const timeouts = {...defaultTimeouts, ...options.timeouts};
  for (const [name, ms] of Object.entries(timeouts)) checkAmount(`timeouts.${name}`, ms, 'milliseconds', TypeError);
  if (options.maxActors !== undefined) checkAmount('maxActors', options.maxActors, 'actors', TypeError);
  const hosts = hostPlanOf(options);
  const standby = standbyPlanOf(options.standby === undefined ? 0 : options.standby);
  const root = new Actor({
    id: newActorId(options.name ?? 'root'),
    root: true,
    codec: messagePack,
    tree: {
      treeId: newId(),
      depth: 0,
      logLevel,
      timeouts,
      startFolder,
      // Only what is not the default, because it crosses to each actor.
      ...(logFormat !== 'text' && {logFormat}),
      ...(preload.length > 0 && {preload: preload.map(({href}) => href)}),
      ...(trustCarriers && {trustCarriers}),
      ...(typeof window === 'object' && {previews: true}),
    },
  });
  configureLog(logLevel, {format: logFormat, logger: options.logger, actor: root});
  for (const fn of [treeSurvey, versionThere]) root.exposed.allow(fn);
  if (options.maxActors !== undefined) root.maxActors = options.maxActors;
  if (options.expose) await root.exposed.load(modulesOf(options.expose), true);
  await openNamesAtRoot(root, options);
  if (hosts) await openHosts(root, hosts, options.tls as TlsOptions);
  debuggerDoor.open = async (actor, mode) => (await import('./debugger/attach.js')).attachLater(actor, mode);
  if (debug) await attachDebugger(root);
  if (standby.count > 0) await openStandbys(root, standby);
  if (window) controls.attach(root, new Control(root));
  return root;
}

const loadHosts = lazyPart('a host', () => import('./fleet/hosts-of-root.js'));

/** Without the package for a broker that is named, the root is not opened. */
async function openHosts(root: Actor, plan: HostPlan, tls: TlsOptions): Promise<void> {
  try {
    const {HostsOfRoot} = await loadHosts();
    placers.attach(root, await HostsOfRoot.open(root, plan, tls));
  } catch (error) {
    await closeNames(root);
    throw error;
  }
}

/** @throws TypeError */
function checkWindow(window: unknown): void {
  if (typeof window !== 'object' || window === null) return checkBoolean('window', window);
  checkKeys(window, new Set(['values']), 'window: ');
  checkWord('window.values', (window as {values?: unknown}).values, ['preview']);
}

/** Loaded where somebody wants them. The backend loads most of it anyway. */
const loadStandbys = lazyPart('a standby', () => import('./nursery/backends/standbys.js'));

async function openStandbys(root: Actor, plan: StandbyPlan): Promise<void> {
  const {Standbys} = await loadStandbys();
  standbysOf.attach(root, new Standbys(root, plan, whenNoneStarts));
}

export async function closeRoot(root: Actor): Promise<void> {
  await placers.of(root)?.close();
  await standbysOf.of(root)?.close();
  if (root.tree.debug) await (await import('./debugger/attach.js')).detachRoot(root);
  await controls.of(root)?.close();
  await closeNames(root);
  await sayLastWords(root.tree.timeouts.flush);
  root.scope.settle();
}

/** An inner nursery shares the runtime that is open: most options were given when that was booted. @throws TypeError */
export function checkInnerOptions(options: RootOptions): void {
  for (const key of Object.keys(options)) {
    if (key !== 'name' && key !== 'signal')
      throw new TypeError(
        `openNursery() inside a runtime takes name and signal; ${key} belongs to the one that opened the root`,
      );
  }
}

/** The roots that open themselves to observers. */
const controls = new Attached<Control>();

/**
 * Opens a root to observers a moment after its first child serves: a program that is over by then, and one that starts no actor,
 * are spared that.
 */
class Control {
  readonly #root: Actor;
  #stop: Stop | undefined;
  #opened: Promise<{close(): Promise<void>} | undefined> | undefined;

  constructor(root: Actor) {
    this.#root = root;
    windowDoors.attach(root, () => {
      this.#stop ??= plainClock.timer(openAfterMs, () => this.#open(), {background: true});
    });
  }

  #open(): void {
    this.#opened = import('./window/control.js')
      .then(({openControl}) => openControl(this.#root))
      .catch(() => undefined);
  }

  async close(): Promise<void> {
    windowDoors.detach(this.#root);
    this.#stop?.();
    await (await this.#opened)?.close();
  }
}

/** In ms. */
const openAfterMs = 250;

function checkPlatform(): void {
  if (process.platform === 'win32')
    throw new ResourceExhausted('rxtractor runs on Linux and macOS: Windows has no socketpair to inherit', {
      what: 'platform',
    });
}

/** Without debug mode that was asked for, the root is not opened: its actors must be able to reach it. */
async function attachDebugger(root: Actor): Promise<void> {
  try {
    await (await import('./debugger/attach.js')).attachRoot(root);
  } catch (error) {
    await placers.of(root)?.close();
    await closeNames(root);
    throw error;
  }
}
