/**
 * A command of `rxtractor`, as the dispatch, the help and the completion read it.
 * Floor 10, below every other file of `cli`. A command is a file with one of these; `commands` lists them.
 */
import type {Io} from './io.js';

/** How the program ends: 0, 1 after an error, 2 when something was found (`why`), 64 when the arguments make no sense. */
export const exit = {fine: 0, error: 1, finding: 2, usage: 64} as const;

export type ExitCode = (typeof exit)[keyof typeof exit];

/** An argument that stands without a dash. ROOT says which tree; without it, the only one there is. */
export type Operand = 'ROOT' | 'ACTOR' | 'FN' | 'SHELL';

export interface Option {
  readonly type: 'boolean' | 'string';
  readonly short?: string;
  /** Whether it may be repeated: then its value is a list. */
  readonly many?: boolean;
  /** The name of its value in the help: `FILE`. Its shell completes a `FILE`. */
  readonly value?: string;
  /** One line. */
  readonly help: string;
}

/** The arguments of one run, by their names. */
export interface Given {
  readonly root?: string | undefined;
  readonly actor?: string | undefined;
  readonly fn?: string | undefined;
  readonly shell?: string | undefined;
  readonly options: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
}

export interface Command {
  readonly name: string;
  /** One line, for the list of commands. */
  readonly summary: string;
  /** The arguments in their order. Those in brackets may be left out. */
  readonly operands: readonly (Operand | `[${Operand}]`)[];
  readonly options: Readonly<Record<string, Option>>;
  /** Further lines of its help, at most 78 characters each. */
  readonly about: string;
  /** @throws UsageError for arguments that make no sense, and any other error, which is printed */
  run(given: Given, io: Io): Promise<ExitCode>;
}

/** The arguments make no sense: the program ends with 64. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const jsonOption = {
  json: {type: 'boolean', help: 'Print JSON, for programs.'},
} as const satisfies Command['options'];

/** Certificates, for a ROOT that is `tls://host:port`. */
export const tlsOptions = {
  cert: {type: 'string', value: 'FILE', help: 'tls: roots: the certificate to show, as PEM.'},
  key: {type: 'string', value: 'FILE', help: 'tls: roots: its private key.'},
  ca: {type: 'string', value: 'FILE', help: 'tls: roots: the certificate of the authority to trust.'},
} as const satisfies Command['options'];
