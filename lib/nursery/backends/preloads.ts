/**
 * The modules that arguments of Node load before a program (`--import`, `-r`, `--loader`), for a thread whose process has left the
 * folder in which the root was started. Node would look for them in the present folder, and a thread has no other one. So they are
 * taken out of its arguments, and the thread loads them itself.
 * Floor 6: `spawn-thread` takes them out, and the entry of a thread loads them before anything else of the user's.
 */
import {createRequire, register} from 'node:module';
import {join} from 'node:path';
import {pathToFileURL} from 'node:url';
import {apart, optionsOf, unquoted} from './node-args.js';

/** In the order in which Node loads them. */
const ofPreloads = {
  scripts: /^(--require|-r)$/,
  loaders: /^(--loader|--experimental-loader)$/,
  modules: /^--import$/,
};

/** With it, `import.meta.resolve` looks for a module from a folder that it is told. */
const resolvesFromFolder = '--experimental-import-meta-resolve';

/** The modules that a thread loads first. The list crosses to the thread. */
export interface Preloads extends Readonly<Record<keyof typeof ofPreloads, readonly string[]>> {
  /** The folder from which they are looked for. */
  readonly folder: string;
  /** The arguments with the preloads. The thread shows them, and hands them down. */
  readonly execArgv: readonly string[];
  readonly nodeOptions: string | undefined;
}

export interface ThreadArgs {
  readonly execArgv: readonly string[];
  readonly nodeOptions: string | undefined;
}

/** The arguments without their preloads, and these. Undefined when there are none. */
export function takePreloads(
  folder: string,
  given: ThreadArgs,
): (ThreadArgs & {readonly preloads: Preloads}) | undefined {
  const names = Object.values(ofPreloads);
  const options = apart(optionsOf(given.nodeOptions ?? ''), names, unquoted);
  const args = apart(given.execArgv, names);
  // Node loads those of `NODE_OPTIONS` first.
  const taken = [...options.named.map(unquoted), ...args.named];
  if (taken.length === 0) return undefined;
  return {
    execArgv: [...args.others, resolvesFromFolder],
    nodeOptions: given.nodeOptions && options.others.join(' '),
    preloads: {
      ...given,
      folder,
      scripts: valuesOf(taken, ofPreloads.scripts),
      loaders: valuesOf(taken, ofPreloads.loaders),
      modules: valuesOf(taken, ofPreloads.modules),
    },
  };
}

/** The values of `--import ./hook.mjs` and `--import=./hook.mjs`. */
function valuesOf(args: readonly string[], name: RegExp): string[] {
  return apart(args, [name]).named.flatMap(arg => {
    if (!arg.startsWith('-')) return [arg];
    const equals = arg.indexOf('=');
    return equals < 0 ? [] : [arg.slice(equals + 1)];
  });
}

/** Loads them in this thread. Rejects as the start of Node would fail. */
export async function loadPreloads({
  folder,
  scripts,
  loaders,
  modules,
  execArgv,
  nodeOptions,
}: Preloads): Promise<void> {
  process.execArgv = [...execArgv];
  if (nodeOptions !== undefined) process.env.NODE_OPTIONS = nodeOptions;
  const inFolder = join(folder, 'preloads');
  const require = createRequire(inFolder);
  for (const script of scripts) require(script);
  const {href} = pathToFileURL(inFolder);
  for (const loader of loaders) register(loader, href);
  for (const module of modules) await import(import.meta.resolve(module, href));
}
