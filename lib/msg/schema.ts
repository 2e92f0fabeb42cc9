/**
 * Values checked against schemas of any library that follows Standard Schema (https://standardschema.dev): zod, valibot,
 * arktype and others.
 * Floor 1: a schema is known by its shape; `context` says which value is checked at which end.
 */

import {MessageTypeError} from '../base/errors.js';
import {isThenable} from '../base/foreign.js';
import {formatPath} from '../base/value-path.js';

/** What such a library's schema has in common with all others: `Input` is checked, `Output` is what it is parsed to. */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown, ...rest: never[]) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: {readonly input: Input; readonly output: Output} | undefined;
  };
}

export type SchemaResult<Output> = {readonly value: Output; readonly issues?: undefined} | {readonly issues: Issues};

/** What is wrong with a value: a text each, and the way to the part at fault. */
export type Issues = ReadonlyArray<SchemaIssue>;
export interface SchemaIssue {
  readonly message: string;
  readonly path?: ReadonlyArray<PropertyKey | {readonly key: PropertyKey}> | undefined;
}

/** What crosses in a context, by name. `in` is what the function receives in its stream, `out` what it sends. */
export interface Schemas {
  readonly args?: StandardSchema | undefined;
  readonly in?: StandardSchema | undefined;
  readonly out?: StandardSchema | undefined;
  readonly started?: StandardSchema | undefined;
  readonly result?: StandardSchema | undefined;
}

/** What is checked, for the text of an error. */
export interface Checked {
  readonly part: keyof Schemas;
  /** How the function is called. */
  readonly name: string;
}

export function isSchema(value: unknown): value is StandardSchema {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null || !('~standard' in value))
    return false;
  const standard = value['~standard'] as Partial<StandardSchema['~standard']> | null;
  return typeof standard?.validate === 'function';
}

/** What a value is parsed to; a promise of it where the schema is asynchronous. @throws MessageTypeError */
export function parse(schema: StandardSchema, value: unknown, of: Checked): unknown {
  let result: ReturnType<StandardSchema['~standard']['validate']>;
  try {
    result = schema['~standard'].validate(value);
  } catch (error) {
    throw broken(of, error);
  }
  if (!isThenable(result)) return settledValue(result, of);
  return result.then(
    settled => settledValue(settled, of),
    error => {
      throw broken(of, error);
    },
  );
}

/** The same where nobody can wait. @throws MessageTypeError also for a schema that is asynchronous */
export function parseNow(schema: StandardSchema, value: unknown, of: Checked): unknown {
  const parsed = parse(schema, value, of);
  if (!isThenable(parsed)) return parsed;
  Promise.resolve(parsed).catch(() => {});
  throw new MessageTypeError(
    `the schema of ${of.part} of ${of.name} is asynchronous: only those of args and result may be`,
    {issues: []},
  );
}

function settledValue(result: SchemaResult<unknown>, {part, name}: Checked): unknown {
  if (!result.issues) return result.value;
  const issues = Array.from(result.issues, ({message, path}) => ({message, path: Array.from(path ?? [], keyOf)}));
  const told = issues.map(({message, path}) => `${formatPath([part, ...path])}: ${message}`);
  throw new MessageTypeError(`${nouns[part]} ${name}${told.length > 0 ? `: ${told.join('; ')}` : ''}`, {issues});
}

/** Texts and numbers only: the issues of an error cross to the other end with it. */
function keyOf(segment: PropertyKey | {readonly key: PropertyKey}): string | number {
  const key = typeof segment === 'object' ? segment.key : segment;
  return typeof key === 'number' ? key : String(key);
}

function broken({part, name}: Checked, cause: unknown): MessageTypeError {
  return new MessageTypeError(`the schema of ${part} of ${name} threw where it should give issues`, {
    issues: [],
    cause,
  });
}

const nouns = {
  args: 'an argument does not fit the schema of',
  in: 'a value does not fit what goes into the stream of',
  out: 'a value does not fit what comes out of the stream of',
  started: 'the value of started does not fit the schema of',
  result: 'the result does not fit the schema of',
} as const;
