/**
 * The command line: what may be asked for, read and checked once.
 * Runs in the root before anything else; a mistake is a `UsageError`, which ends the program with exit code 2.
 */
import {parseArgs} from 'node:util';
import type {Hosts} from './hosts.js';
import type {Fault} from './scan.js';

export const usage = `Surveys directory trees: counts, duplicates and imported packages of every regular file.

  npm start -- [options] [DIR or FILE …]        without one: the project's own node_modules

  --json             one JSON object in place of the table
  --ndjson           one JSON line per file as it comes; the table goes to stderr
  --actors N         how many actors share the work (default: one per core)
  --hosts LIST       the actors run on other hosts, which have the same files: nats://… of a broker,
                     or tls://… of each host, with commas between them (default: one per core of each)
  --certs DIR        the certificates for them (default: certs)
  --nats-creds FILE  the credentials for the broker
  --no-duplicates    keep no table of contents: memory stays flat
  --memory           the root's memory at each 10 % of the files, on stderr
  --fail N           the first actor throws at its Nth file
  --kill N           the first actor dies of SIGKILL at its Nth file
  --help             this text

Links are not followed, except an input that is one. An input inside another is counted once.
Exit code: 0 done (unreadable files are listed, not fatal), 1 an actor failed, 2 wrong usage, 130 Ctrl-C.
`;

/** Maximum number of actors. */
export const mostActors = 512;

export class UsageError extends Error {}

export interface Options {
  readonly inputs: readonly string[];
  readonly output: 'table' | 'json' | 'ndjson';
  /** Undefined: one per core. */
  readonly actors: number | undefined;
  /** Undefined: the actors run here. */
  readonly hosts: Hosts | undefined;
  readonly duplicates: boolean;
  readonly memory: boolean;
  readonly help: boolean;
  readonly fault?: Fault;
}

export function readOptions(argv: readonly string[]): Options {
  const {values, positionals} = parsed(argv);
  if (values.json && values.ndjson) throw new UsageError('--json and --ndjson exclude each other');
  if (values.fail !== undefined && values.kill !== undefined)
    throw new UsageError('--fail and --kill exclude each other');
  const fault = faultOf(values.fail, values.kill);
  return {
    inputs: positionals,
    output: values.json ? 'json' : values.ndjson ? 'ndjson' : 'table',
    actors: values.actors === undefined ? undefined : countOf('--actors', values.actors, mostActors),
    hosts: hostsOf(values),
    duplicates: !values['no-duplicates'],
    memory: values.memory ?? false,
    help: values.help ?? false,
    ...(fault && {fault}),
  };
}

function parsed(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        json: {type: 'boolean'},
        ndjson: {type: 'boolean'},
        actors: {type: 'string'},
        hosts: {type: 'string'},
        certs: {type: 'string'},
        'nats-creds': {type: 'string'},
        'no-duplicates': {type: 'boolean'},
        memory: {type: 'boolean'},
        fail: {type: 'string'},
        kill: {type: 'string'},
        help: {type: 'boolean', short: 'h'},
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function hostsOf(values: ReturnType<typeof parsed>['values']): Hosts | undefined {
  const {hosts, certs = 'certs', 'nats-creds': credentials} = values;
  if (hosts === undefined) {
    const [name] = (['certs', 'nats-creds'] as const).filter(each => values[each] !== undefined);
    if (name) throw new UsageError(`--${name} is for --hosts`);
    return undefined;
  }
  const addresses = hosts.split(',');
  const wrong = addresses.find(address => !/^(?:nats|tls):\/\/[^/]+$/.test(address));
  if (wrong !== undefined)
    throw new UsageError(`--hosts takes nats://HOST:PORT or tls://HOST:PORT, with commas between them, not '${wrong}'`);
  return {addresses, certificates: certs, credentials};
}

function faultOf(fail: string | undefined, kill: string | undefined): Fault | undefined {
  if (fail !== undefined) return {kind: 'fail', at: countOf('--fail', fail)};
  if (kill !== undefined) return {kind: 'kill', at: countOf('--kill', kill)};
  return undefined;
}

function countOf(flag: string, text: string, most = Number.MAX_SAFE_INTEGER): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1 || count > most) {
    throw new UsageError(
      `${flag} takes a whole number from 1${most < Number.MAX_SAFE_INTEGER ? ` to ${most}` : ''}, not '${text}'`,
    );
  }

  return count;
}
