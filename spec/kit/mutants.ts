/**
 * Planted faults, to try what finds faults: each is one exact replacement in a compiled file of `lib`. They are planted one at a time in
 * a copy of what is compiled. Below the tables of mutants: those of the protocol (spec/context/model), and of the library and the
 * testing kit (spec/testing).
 */
import {execFile, execFileSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';

export interface Mutant {
  /** The behaviour of the mutant, in words. */
  readonly name: string;
  /** The file in `lib`, without its ending. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** How a program has ended. */
export interface Ended {
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

const root = fileURLToPath(new URL('../../..', import.meta.url));
/** Maximum time of a program, in ms. One that takes longer says nothing of its mutant: the machine may be busy. */
const longestMs = 180_000;

/** A compiled copy of some files, and of all that they import. Its modules are not joined, so that mutants can be put into them. */
export class Copy {
  readonly #folder = mkdtempSync(join(tmpdir(), 'rxtractor-mutants-'));

  /** @param files sources, as `spec/testing/attempt.ts` */
  constructor(files: readonly string[]) {
    symlinkSync(join(root, 'node_modules'), join(this.#folder, 'node_modules'), 'junction');
    writeFileSync(join(this.#folder, 'package.json'), '{"type": "module"}');
    const config = {
      extends: join(root, 'tsconfig.json'),
      compilerOptions: {
        rootDir: root,
        outDir: join(this.#folder, 'dist'),
        noCheck: true,
        declaration: false,
        declarationMap: false,
        sourceMap: false,
      },
      files: files.map(file => join(root, file)),
      include: [],
    };
    const path = join(this.#folder, 'tsconfig.json');
    writeFileSync(path, JSON.stringify(config));
    execFileSync(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', path]);
  }

  /** Runs a program of the copy, or one of node_modules, with a mutant or as it is. @throws Error for a mutant that does not apply */
  async run(mutant: Mutant | undefined, ...command: readonly string[]): Promise<Ended> {
    if (!mutant) return this.#run(command);
    const path = this.#pathOf(mutant);
    const code = this.codeOf(mutant);
    writeFileSync(path, mutate(code, mutant));
    try {
      return await this.#run(command);
    } finally {
      writeFileSync(path, code);
    }
  }

  /** The compiled file that a mutant changes, without the mutant. */
  codeOf(mutant: Mutant): string {
    return readFileSync(this.#pathOf(mutant), 'utf8');
  }

  remove(): void {
    rmSync(this.#folder, {recursive: true, force: true});
  }

  #pathOf({file}: Mutant): string {
    return join(this.#folder, 'dist', 'lib', `${file}.js`);
  }

  #run(command: readonly string[]): Promise<Ended> {
    const options = {cwd: this.#folder, timeout: longestMs, killSignal: 'SIGKILL'} as const;
    return new Promise(resolve => {
      execFile(process.execPath, command, options, (error, stdout, stderr) =>
        resolve({code: error ? (error.code ?? String(error.signal)) : 0, stdout, stderr}),
      );
    });
  }
}

/** @throws Error when the text is not there exactly once: the mutant would be no mutant, or another */
export function mutate(code: string, {name, file, from, to}: Mutant): string {
  const count = code.split(from).length - 1;
  if (count !== 1) throw new Error(`the mutant that ${name}: ${file}.js holds ${count} times: ${from}`);
  return code.replace(from, () => to);
}

/** Finds what is wrong with a mutant, or with the copy as it is. Undefined: nothing. */
export type Find<M extends Mutant> = (copy: Copy, mutant: M | undefined) => Promise<string | undefined>;

/** A line for each mutant: what has found it, or that nothing has. Resolves with the names of those that nothing has found. */
export async function hunt<M extends Mutant>(
  copy: Copy,
  mutants: readonly M[],
  find: Find<M>,
  tell: (line: string) => void,
): Promise<readonly string[]> {
  const survivors: string[] = [];
  for (const mutant of mutants) {
    const fault = await find(copy, mutant);
    if (fault === undefined) survivors.push(mutant.name);
    tell(`${mutant.file}: ${mutant.name} → ${fault?.split('\n')[0] ?? 'SURVIVES'}`);
  }
  return survivors;
}

/** Finds by a program of the copy, which prints the fault that it has found, or nothing. @throws Error when the program itself fails */
export async function findBy(
  copy: Copy,
  mutant: Mutant | undefined,
  ...command: readonly string[]
): Promise<string | undefined> {
  const {code, stdout, stderr} = await copy.run(mutant, ...command);
  if (code !== 0) throw new Error(`the attempt itself failed (${code}): ${stderr}`);
  return stdout.trim() || undefined;
}

/** The program of a table of mutants: hunts for those whose names have one of its arguments, or for all. */
export async function huntByHand<M extends Mutant>(
  mutants: readonly M[],
  find: Find<M>,
  newCopy: () => Copy,
): Promise<void> {
  const only = process.argv.slice(2);
  const chosen = mutants.filter(({name}) => only.length === 0 || only.some(part => name.includes(part)));
  const copy = newCopy();
  try {
    const survivors = await hunt(copy, chosen, find, console.log);
    console.log(`${chosen.length - survivors.length} of ${chosen.length} mutants found`);
    process.exitCode = survivors.length === 0 ? 0 : 1;
  } finally {
    copy.remove();
  }
}
