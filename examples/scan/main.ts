/**
 * Surveys a directory tree with one actor per core: hashes, sizes, lines, duplicates, imported packages.
 * The program; `scan` is what its actors run, everything else beside it serves one of the two.
 *
 * ```
 *   main              walks the tree lazily, adds up the findings, prints
 *   ├─ scan-1         reads the files whose paths it pulls, one after the other
 *   ├─ …              as many as there are cores
 *   └─ scan-N
 *
 *   walk ─▶ files ─┬─ paths ─▶ scan-1 ─ findings ─┬─▶ survey ─▶ table
 *                  └─ paths ─▶ scan-N ─ findings ─┘
 * ```
 * With `--hosts` the actors run on other hosts, which have the same files.
 * Every actor pulls from the same walk by its own credit: a slow one gets fewer paths, and no tree is too large.
 * `npm start -- --help` names the options. Expected output, for any tree: files, bytes, lines, unreadable, duplicates,
 * seconds; the ten most imported packages; files and files per second of each actor.
 */
import {availableParallelism} from 'node:os';
import {from, map, merge, mergeMap, type Observable, takeUntil, tap} from 'rxjs';
import {ContextCancelled, main, type Nursery, type Portal, type RootOptions} from 'rxtractor';
import {actorsOnHosts, rootOptionsOf} from './hosts.js';
import {type Input, inputsOf} from './inputs.js';
import {type Options, readOptions, UsageError, usage} from './options.js';
import {type Output, openOutput} from './output.js';
import {openProgress} from './progress.js';
import {jsonOf, lineOf, printable, tableOf} from './report.js';
import {scan} from './scan.js';
import {share} from './share.js';
import {Survey} from './survey.js';
import {walk} from './walk.js';

// Standard output belongs to the root. A child that inherits it makes writes to a pipe block, for the root too, and a
// root that waits for its reader hears no Ctrl-C.
const actorOptions = {expose: [scan], stdio: 'ignore'} as const;
const elsewhere = {...actorOptions, host: 'any'} as const;

const options = optionsOf(process.argv.slice(2));

await main(nursery => options && run(nursery, options), options?.root);

interface Asked extends Options {
  readonly root: RootOptions;
}

/** Undefined after a mistake, which is said. */
function optionsOf(argv: readonly string[]): Asked | undefined {
  process.stderr.on('error', () => undefined); // nobody is left to be told
  return orUsage(() => {
    const asked = readOptions(argv);
    return {...asked, root: asked.hosts ? rootOptionsOf(asked.hosts) : {}};
  });
}

function run(nursery: Nursery, options: Options): Observable<unknown> | undefined {
  const output = openOutput(process.stdout);
  if (options.help) return void output.write(usage);
  const inputs = orUsage(() => inputsOf(options.inputs));
  return inputs && from(actorCount(options)).pipe(mergeMap(count => surveyOf(nursery, options, inputs, count, output)));
}

function orUsage<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${printable(error.message)}\nTry --help.\n`);
    process.exitCode = 2;
    return undefined;
  }
}

async function actorCount({actors, hosts}: Options): Promise<number> {
  return actors ?? (hosts ? actorsOnHosts() : availableParallelism());
}

/** Does the whole job when it is subscribed; unsubscribing ends it with the figures so far. */
function surveyOf(
  nursery: Nursery,
  options: Options,
  inputs: readonly Input[],
  count: number,
  output: Output,
): Observable<unknown> {
  const names = Array.from({length: count}, (_, index) => `scan-${index + 1}`);
  const survey = new Survey(names, options);
  const progress = openProgress(survey, () => walk(inputs, () => undefined), options, nursery.signal);
  const paths = walk(inputs, (path, error) => survey.addUnreadable(path, error.code ?? error.message));
  const files = share(paths, options.output === 'ndjson' ? output.ready : undefined);

  // The head start makes sure that the first actor gets as far as its fault, however small the tree is.
  const {fault} = options;
  const findingsOf = (portal: Portal, index: number) => {
    const findings =
      fault && index === 0 ? portal.operator(scan, fault)(files.headStart(fault.at)) : portal.operator(scan)(files);
    return findings.pipe(map(result => ({actor: portal.actor.name, result})));
  };
  const end = (isComplete: boolean): void => {
    paths.return();
    progress.stop();
    if (isComplete || isInterrupted(nursery)) report(survey, options, output, !isComplete);
  };
  const started = names.map(name => nursery.startActor(name, options.hosts ? elsewhere : actorOptions));
  return from(Promise.all([progress.ready, ...started])).pipe(
    tap(([, ...portals]) => {
      if (options.hosts) for (const {actor} of portals) survey.runsOn(actor.name, actor.host);
      survey.begin();
    }),
    mergeMap(([, ...portals]) => merge(...portals.map(findingsOf))),
    tap(({actor, result}) => {
      survey.add(actor, result);
      progress.step();
      if (options.output === 'ndjson' && !('error' in result)) output.write(lineOf(result));
    }),
    takeUntil(output.abandoned),
    tap({complete: () => end(true), error: () => end(false), unsubscribe: () => end(false)}),
  );
}

/** By Ctrl-C or its like. After a failure no table is shown: its figures would look like a result. */
function isInterrupted(nursery: Nursery): boolean {
  const {reason} = nursery.signal;
  return reason instanceof ContextCancelled && reason.reason === 'shutdown';
}

function report(survey: Survey, options: Options, output: Output, isPartial: boolean): void {
  if (output.isAbandoned) return;
  const summary = survey.summary();
  if (options.output === 'json') output.write(jsonOf(summary, isPartial));
  else if (options.output === 'table') output.write(tableOf(summary, isPartial));
  else process.stderr.write(tableOf(summary, isPartial));
  const {unreadable} = survey;
  for (const line of unreadable) process.stderr.write(`unreadable: ${printable(line)}\n`);
  if (summary.unreadable > unreadable.length) {
    process.stderr.write(`unreadable: … and ${summary.unreadable - unreadable.length} more\n`);
  }
}
