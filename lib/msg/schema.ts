/**
 * Checks values against schemas of any library that follows Standard Schema (https://standardschema.dev): zod, valibot, arktype
 * and others.
 * Floor 1: a schema is known by its shape. `context` decides which value is checked at which end.
 */

import {MessageTypeError} from '../base/errors.js';
import {isThenable, whenSettled} from '../base/foreign.js';
import {formatPath} from '../base/value-path.js';

/**
 * The part that the schemas of all these libraries have in common. `Input` is the type of the value that is checked, `Output` the
 * type of the value that the schema makes of it.
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  /** The properties of the Standard Schema specification. */
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown, ...rest: never[]) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: {readonly input: Input; readonly output: Output} | undefined;
  };
}

export type SchemaResult<Output> = {readonly value: Output; readonly issues?: undefined} | {readonly issues: Issues};

/** The faults of a value: for each a text, and the path to the part at fault. */
export type Issues = ReadonlyArray<SchemaIssue>;
export interface SchemaIssue {
  readonly message: string;
  readonly path?: ReadonlyArray<PropertyKey | {readonly key: PropertyKey}> | undefined;
}

/**
 * The schemas of a remote function, by what they check. `in` is for the values that the function receives in its stream, `out` for
 * the values that it sends.
 */
export interface Schemas {
  readonly args?: StandardSchema | undefined;
  readonly in?: StandardSchema | undefined;
  readonly out?: StandardSchema | undefined;
  readonly started?: StandardSchema | undefined;
  readonly result?: StandardSchema | undefined;
}

/** Names the value that is checked, for the text of an error. */
export interface Checked {
  readonly part: keyof Schemas;
  /** The name of the function. */
  readonly name: string;
}

export function isSchema(value: unknown): value is StandardSchema {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null || !('~standard' in value))
    return false;
  const standard = value['~standard'] as Partial<StandardSchema['~standard']> | null;
  return typeof standard?.validate === 'function';
}

/** The value that the schema makes of `value`, or a promise of it when the schema is asynchronous. @throws MessageTypeError */
export function parse(schema: StandardSchema, value: unknown, of: Checked): unknown {
  let result: ReturnType<StandardSchema['~standard']['validate']>;
  try {
    result = schema['~standard'].validate(value);
  } catch (error) {
    throw brokenSchemaError(of, error);
  }
  if (!isThenable(result)) return settledValue(result, of);
  return whenSettled(
    result,
    settled => settledValue(settled, of),
    error => {
      throw brokenSchemaError(of, error);
    },
  );
}

/** The same for a caller that cannot wait. @throws MessageTypeError also when the schema is asynchronous */
export function parseNow(schema: StandardSchema, value: unknown, of: Checked): unknown {
  const parsed = parse(schema, value, of);
  if (!isThenable(parsed)) return parsed;
  void whenSettled(parsed, nothing, nothing);
  throw new MessageTypeError(
    `the schema of ${of.part} of ${of.name} is asynchronous: only those of args and result may be`,
    {issues: []},
  );
}

function settledValue(result: SchemaResult<unknown>, of: Checked): unknown {
  let issues: KnownIssue[];
  try {
    if (!result.issues) return result.value;
    issues = Array.from(result.issues, ({message, path}) => ({
      message: String(message),
      path: Array.from(path ?? [], keyOf),
    }));
  } catch (error) {
    throw brokenSchemaError(of, error);
  }
  const {part, name} = of;
  const told = issues.map(({message, path}) => `${formatPath([part, ...path])}: ${message}`);
  throw new MessageTypeError(`${nouns[part]} ${name}${told.length > 0 ? `: ${told.join('; ')}` : ''}`, {issues});
}

/** An issue as it is told: everything in it can cross to the other end. */
interface KnownIssue {
  readonly message: string;
  readonly path: readonly (string | number)[];
}

function nothing(): void {}

/** A path has texts and numbers only, because the issues of an error cross to the other end with it. */
function keyOf(segment: PropertyKey | {readonly key: PropertyKey}): string | number {
  const key = typeof segment === 'object' ? segment.key : segment;
  return typeof key === 'number' ? key : String(key);
}

function brokenSchemaError({part, name}: Checked, cause: unknown): MessageTypeError {
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
