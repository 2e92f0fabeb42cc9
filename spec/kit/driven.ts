// Programs that are debugged by a spec: where they stop, whose turn it is, and in which order they had asked.
// Above screen.ts; the specs of the examples and of tractor's debugger stand above it.
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import type {ExecutionContext} from 'ava';
import {eventually} from './eventually.js';
import {fixture} from './program.js';
import {PtyProgram, type ScreenOptions} from './screen.js';

/** A numbered example of the debugger, on a terminal. */
export function openExample(t: ExecutionContext, name: string, options: ScreenOptions = {}): PtyProgram {
  return new PtyProgram(t, '', {...options, command: [process.execPath, exampleFile(name)]});
}

export function exampleFile(name: string): string {
  return fileURLToPath(new URL(`../../examples/debugging/${name}.js`, import.meta.url));
}

export const fixtureFile = (name: string): string => fileURLToPath(fixture(name));

/** The source of the line at which the last prompt stands. */
export function lineAt(screen: string): string {
  return [...screen.matchAll(/^> +\d+ {2}(.*)$/gm)].at(-1)?.[1]?.trim() ?? '';
}

/**
 * Waits for a prompt that has just been opened by a breakpoint, and goes to the statement after it: a prompt may open
 * there or at the breakpoint itself.
 */
export async function stopsBefore(
  t: ExecutionContext,
  program: PtyProgram,
  label: string,
  statement: string,
): Promise<void> {
  const screen = await program.prompt(label);
  if (/\bbreakpoint\(\)/.test(lineAt(screen)) && lineAt(screen) !== statement) await program.line('n', label);
  t.is(lineAt(program.screen()), statement);
}

/** An expression that lets time pass for the others while its actor stands still. Its value is 'timed-out'. */
export const blockMs = (ms: number): string => `Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${ms})`;

/** Which of these is at the prompt; undefined when the program has ended. Type something before the next question. */
export async function whoStops(program: PtyProgram, labels: readonly string[]): Promise<string | undefined> {
  const ended = program.exited.then(() => undefined);
  const stopped = program.until(() => labels.some(label => program.asks(label)), 'prompt of anybody').catch(() => {});
  await Promise.race([ended, stopped]);
  return labels.find(label => program.asks(label));
}

/** Continues whoever stops until the program ends. @returns who has stopped, in order */
export async function continueAll(
  program: PtyProgram,
  labels: readonly string[],
  answer: (label: string) => string = () => 'c',
): Promise<string[]> {
  const seen: string[] = [];
  for (;;) {
    const label = await whoStops(program, labels);
    if (label === undefined) return seen;
    seen.push(label);
    program.press(`${answer(label)}\r`);
  }
}

/** A program whose standard error is no terminal: what the runtime says of itself is read from there, all of it. */
export class Logged {
  readonly program: PtyProgram;
  readonly #file: string;

  constructor(t: ExecutionContext, file: string, options: ScreenOptions = {}) {
    const folder = mkdtempSync(join(tmpdir(), 'rxtractor-spec-'));
    this.#file = join(folder, 'log');
    // It is read before the program has opened it.
    writeFileSync(this.#file, '');
    const {args = [], env} = options;
    const command = [
      'sh',
      '-c',
      'log=$1; shift; exec "$@" 2>"$log"',
      'sh',
      this.#file,
      process.execPath,
      file,
      ...args,
    ];
    this.program = new PtyProgram(t, '', {
      ...options,
      env: {...env, NODE_DEBUG: 'rxtractor'},
      command: command as [string, ...string[]],
    });
    t.teardown(() => rmSync(folder, {recursive: true}));
  }

  get log(): string {
    return readFileSync(this.#file, 'utf8');
  }

  /** Resolves when the runtime has said something. */
  async until(pattern: RegExp): Promise<void> {
    let end: string | undefined;
    void this.program.exited.then(() => (end = `the program has ended, and has logged:\n${this.log}`));
    await eventually(() => pattern.test(this.log), `${pattern} in the log`, {unless: () => end});
  }

  /** Who asked the root for the terminal, and who was given it, each in the root's order. */
  get turns(): {readonly asked: readonly string[]; readonly given: readonly string[]} {
    const asked: string[] = [];
    const given: string[] = [];
    const waiting: string[] = [];
    for (const [, name = '', does] of this.log.matchAll(/ runtime (\S+) \(pid \d+\) (waits for|has) the terminal: /g)) {
      if (does === 'waits for') waiting.push(name);
      // A process that has it without a wait asked in that very moment.
      else if (waiting.includes(name)) waiting.splice(waiting.indexOf(name), 1);
      else asked.push(name);
      (does === 'has' ? given : asked).push(name);
    }
    return {asked, given};
  }
}
