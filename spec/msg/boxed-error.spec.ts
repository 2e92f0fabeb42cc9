// Errors cross whole, whatever was thrown, and come back as what they were.
// Above lib/msg/boxed-error.ts and the codec that carries its boxes.
import {inspect} from 'node:util';
import test from 'ava';
import type {ActorId} from '../../lib/base/actor-id.js';
import * as errors from '../../lib/base/errors.js';
import {registerError} from '../../lib/base/registered-errors.js';
import {suppress, suppressedBy} from '../../lib/base/suppressed.js';
import {type BoxedError, boxError, reviveError, unboxError} from '../../lib/msg/boxed-error.js';
import {messagePack} from '../../lib/msg/codec.js';
import {limits} from '../../lib/msg/limits.js';
import {fc} from '../kit/fast-check.js';
import {chain, circle, throwing, thrownThings} from './thrown.js';
import {anyValue} from './values.js';

const codec = messagePack;
const worker: ActorId = {name: 'worker', id: 'a1', pid: 11, host: 'h'};
const relay: ActorId = {name: 'relay', id: 'b2', pid: 22, host: 'h'};

/** Over the wire. */
const sent = (thrown: unknown, self: ActorId = worker): BoxedError =>
  codec.decode(codec.encode(boxError(thrown, self))) as BoxedError;
const revived = (thrown: unknown): unknown => reviveError(sent(thrown));
const revivedError = (thrown: unknown): Error & Record<string, unknown> => revived(thrown) as never;

test('E1: a remote error arrives as RemoteActorError whose cause is the original, revived', t => {
  const original = Object.assign(new TypeError('boom', {cause: new RangeError('why')}), {
    code: 'E_BOOM',
    details: {a: [1n]},
  });
  const error = unboxError(sent(original));
  t.true(error instanceof errors.RemoteActorError);
  t.is(error.message, 'TypeError: boom');
  t.is(error.type, 'TypeError');
  t.deepEqual(error.origin, worker);
  t.deepEqual(error.path, [worker]);
  t.true(error.is(TypeError));
  const cause = error.cause as TypeError & Record<string, unknown>;
  t.true(cause instanceof TypeError);
  t.is(cause.message, 'boom');
  t.is(cause.name, 'TypeError');
  t.is(cause.stack, original.stack);
  t.is(cause.code, 'E_BOOM');
  t.deepEqual(cause.details, {a: [1n]});
  t.true(cause.cause instanceof RangeError);
  t.deepEqual(Object.keys(cause), ['code', 'details']);
});

const builtins = [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError];
for (const Class of builtins)
  test(`E1: ${Class.name} comes back as itself`, t => {
    const error = revivedError(new Class('m'));
    t.is(Object.getPrototypeOf(error), Class.prototype);
    t.like(error, {name: Class.name, message: 'm'});
    t.false(Object.hasOwn(error, 'name'));
  });

test('E1: an AggregateError comes back with its members, an AbortError as a DOMException', t => {
  const aggregate = revivedError(new AggregateError([new TypeError('a'), 'b', undefined], 'm'));
  t.true(aggregate instanceof AggregateError);
  const members = aggregate.errors as unknown[];
  t.true(members[0] instanceof TypeError);
  t.deepEqual(members.slice(1), ['b', undefined]);
  const abort = revivedError(AbortSignal.abort().reason);
  t.true(abort instanceof DOMException);
  t.like(abort, {name: 'AbortError', code: 20, message: 'This operation was aborted'});
});

const ours: readonly (Error & {code: string})[] = [
  new errors.ActorError('m', {actor: worker, cause: 1}),
  new errors.RemoteActorError('m', {cause: new TypeError('c'), type: 'TypeError', path: [worker, relay]}),
  new errors.ContextCancelled('m', {canceller: worker, reason: 'deadline', cause: 'late', acked: false}),
  new errors.ContextCancelled('m', {canceller: undefined, reason: 'scope'}),
  new errors.StreamOverrun('m'),
  new errors.StreamClosed('m', {actor: relay}),
  new errors.Lagged(7),
  new errors.TransportClosed('m', {kind: 'eof', cause: new Error('c')}),
  new errors.ActorDied('m', {exit: {code: null, signal: 'SIGKILL'}, stderr: 'text', actor: worker}),
  new errors.SpawnFailed('m', {phase: 'import', stderr: 'text', exit: {code: 1, signal: null}}),
  new errors.NotExposed('m'),
  new errors.MessageTypeError('m', {issues: [{path: ['a'], message: 'no'}]}),
  new errors.Unserializable('a function', {path: ['args', 0]}),
  new errors.ProtocolError('m'),
  new errors.HandshakeRejected('m'),
  new errors.ResourceExhausted('m', {what: 'contexts'}),
  new errors.DebuggerQuit('m'),
  new errors.NoRuntime('m'),
  new errors.NurseryError([new TypeError('a'), new errors.StreamClosed('b')], 'm'),
];
const fieldsOf = (error: Error): unknown =>
  Object.entries(Object.getOwnPropertyDescriptors(error))
    .filter(([key]) => !['stack', 'cause', 'errors', 'message'].includes(key))
    .map(([key, {value, enumerable}]) => ({key, value: value as unknown, enumerable}))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
for (const original of ours)
  test(`E1: ${original.name} (${JSON.stringify(Object.entries(original).at(-1))}) comes back as itself with its fields`, t => {
    const box = boxError(new Error('outer', {cause: original}), worker);
    const error = (reviveError(codec.decode(codec.encode(box)) as BoxedError) as Error).cause as Error & {code: string};
    t.is(Object.getPrototypeOf(error), Object.getPrototypeOf(original));
    t.is(error.name, original.name);
    t.true(Object.hasOwn(error, 'stack'));
    t.is(error.stack, original.stack);
    t.deepEqual(fieldsOf(error), fieldsOf(original));
    t.is(error.message, original.message);
    t.is(Object.hasOwn(error, 'cause'), Object.hasOwn(original, 'cause'));
    t.is((error.cause as Error | undefined)?.message, (original.cause as Error | undefined)?.message);
    t.is(Object.keys(error).includes('name'), false);
    if (original instanceof errors.NurseryError) {
      t.true((error as errors.NurseryError).errors[0] instanceof TypeError);
      t.true((error as errors.NurseryError).errors[1] instanceof errors.StreamClosed);
    }
  });

test('E1: a class of ours whose fields are not those of the class is a plain Error of that name', t => {
  const box = sent(new errors.TransportClosed('m', {kind: 'eof'})) as {
    thrown: {own: Record<string, unknown>};
  } & BoxedError;
  box.thrown.own.actor = 'nobody';
  const error = reviveError(box) as Error;
  t.false(error instanceof errors.ActorError);
  t.is(error.name, 'TransportClosed');
});

class HttpError extends Error {
  readonly status: number;
  constructor(status: number) {
    super(`status ${status}`);
    this.status = status;
  }
}
class Registered extends HttpError {
  override name = 'RegisteredName';
  get kind(): string {
    return `kind ${this.status}`;
  }
}

test('E1: a class that is registered comes back as itself, without its constructor', t => {
  registerError(Registered);
  const error = revived(new Registered(404)) as Registered;
  t.true(error instanceof Registered);
  t.is(error.kind, 'kind 404');
  t.is(error.name, 'RegisteredName');
});

test('E1: a class that is not known comes back as an Error, and its name is still told after a second road', t => {
  const error = revivedError(new HttpError(404));
  t.is(Object.getPrototypeOf(error), Error.prototype);
  t.like(error, {name: 'Error', message: 'status 404', status: 404});
  t.is(sent(error).type, 'HttpError');
});

test('E1: a subclass that is not known comes back as the nearest class above it that is', t => {
  class Missing extends TypeError {}
  class Several extends AggregateError {}
  class Gone extends errors.StreamClosed {}
  const nodes = t.throws(() => Buffer.alloc('x' as never)) as Error;
  for (const [original, Base] of [
    [new Missing('m'), TypeError],
    [new Several([1], 'm'), AggregateError],
    [new Gone('m', {actor: worker}), errors.StreamClosed],
    [nodes, TypeError],
  ] as const) {
    const error = revivedError(original);
    t.is(Object.getPrototypeOf(error), Base.prototype);
    t.like(error, {name: original.name, message: original.message});
    t.is(sent(error).type, original.constructor.name);
  }
});

test('E1: an error of others that has a code of ours is not taken for ours', t => {
  t.false(revived(Object.assign(new Error('m'), {code: 'ERR_TYPE', issues: []})) instanceof errors.ActorError);
});

test('E1: a registered class whose accessors throw does not break the reading', t => {
  class Brittle extends Error {
    override get name(): string {
      return throwing();
    }
    override set name(_: string) {}
  }
  registerError(Brittle);
  t.true(revived(new Brittle('m')) instanceof Error);
});

test('E1: an error that passes through is not boxed again: its path grows', t => {
  const first = unboxError(sent(new TypeError('boom')));
  const box = sent(first, relay);
  t.deepEqual(box.path, [worker, relay]);
  t.is(box.type, 'TypeError');
  const error = unboxError(box);
  t.true(error.cause instanceof TypeError);
  t.is(error.message, 'TypeError: boom');
  t.deepEqual(error.origin, worker);
  // As the cause of another it is an error like any other.
  const wrapped = unboxError(sent(new Error('wrapped', {cause: first}), relay));
  t.deepEqual(wrapped.path, [relay]);
  t.true((wrapped.cause as Error).cause instanceof errors.RemoteActorError);
});

test('E1: the path of an error that goes round for ever stays bounded, the origin first', t => {
  let error = unboxError(sent(new Error('m')));
  for (let i = 0; i < 200; i++) error = unboxError(sent(error, {...relay, pid: i}));
  t.is(error.path.length, limits.errorPath);
  t.deepEqual(error.origin, worker);
  t.is(error.path.at(-1)?.pid, 199);
  t.is(error.type, 'Error');
});

test('E6: what was suppressed comes along', t => {
  const original = new Error('m');
  suppress(original, new TypeError('clean-up'));
  suppress(original, 'text');
  const kept = suppressedBy(revivedError(original));
  t.true(kept[0] instanceof TypeError);
  t.is(kept[1], 'text');
  t.deepEqual(Object.keys(revivedError(original)), []);
});

test('E2: the printed text has class, message, remote frames, the actors and the local frames, in this order', t => {
  const error = unboxError(sent(unboxError(sent(new TypeError('boom'))), relay), {
    stack: 'Error\n    at callSite (file.js:1:1)',
  });
  const lines = (error.stack as string).split('\n');
  t.is(lines[0], 'RemoteActorError [ERR_REMOTE]: TypeError: boom');
  t.regex(lines[1] as string, /^ {4}at .*boxed-error\.spec/);
  t.is(lines.at(-2), '    [in worker (pid 11), through relay (pid 22)]');
  t.is(lines.at(-1), '    at callSite (file.js:1:1)');
  const printed = inspect(error);
  for (const part of ['TypeError: boom', 'boxed-error.spec', 'worker (pid 11)']) t.true(printed.includes(part));
  t.regex(unboxError(sent(new Error('m'))).stack as string, /\[in worker \(pid 11\)\]\n {4}at .*boxed-error\.spec/);
});

test('E4: control characters, escape sequences and turns of direction are escaped in print, the message stays raw', t => {
  const text = 'a\u001b]52;c;cGF5\u0007\r\u009b2J\u202egpj\u2028b';
  const original = Object.assign(new Error(text), {name: `Nasty${text}`});
  const error = unboxError(sent(original, {...worker, name: text}));
  const cause = error.cause as Error;
  t.is(cause.message, text);
  t.true(error.message.endsWith(text));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  const unsafe = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\u2028\u2029]/;
  for (const printed of [error.stack, cause.stack, cause.name, error.type, inspect(cause)])
    t.notRegex(printed as string, unsafe);
  t.true(cause.stack?.includes('\\x1b]52;c;cGF5\\x07'));
});

for (const [title, make] of thrownThings)
  test(`E3, K76: ${title} can be thrown: it is relayed within 64 KiB`, t => {
    const thrown = make();
    const bytes = codec.encode(boxError(thrown, worker));
    const error = unboxError(codec.decode(bytes) as BoxedError);
    const again = codec.encode(boxError(error, relay));
    t.true(error instanceof errors.RemoteActorError);
    t.true(bytes.length <= limits.errorBytes + 1024, `${bytes.length} bytes`);
    t.true(again.length <= limits.errorBytes + 1024, `${again.length} bytes again`);
    t.notThrows(() => [inspect(error), String(error), String(error.cause)]);
    t.is(({} as {x?: unknown}).x, undefined);
  });

test('E3: values that are no errors come back as themselves, others as a text', t => {
  for (const value of [null, undefined, 'text', 5, -0, {a: [1, new Map([[1, 2]])]}, [1n]])
    t.deepEqual(revived(value), value);
  t.is(revived(Symbol('s')), 'the symbol Symbol(s)');
  t.is(revived(new (class Odd {})()), 'an instance of Odd');
  t.is(revived({a: 1, f: throwing}), "{ a: 1, f: '[the function throwing]' }");
  t.is(unboxError(sent('text')).type, 'unknown');
  t.is(unboxError(sent(null)).message, 'a value that is no Error was thrown: null');
});

test('E3: what was cut says so', t => {
  const members = (revivedError(new AggregateError(Array.from({length: 10_000}, (_, i) => new Error(`${i}`)))).errors ??
    []) as unknown[];
  t.true(members.length <= limits.errorMembers + 1);
  t.regex(members.at(-1) as string, /^\d+ more were cut$/);
  t.true(members[0] instanceof Error);
  t.regex(revivedError(new Error('x'.repeat(100_000))).message, /… \(\d+ more characters\)$/);
  let causes = 0;
  let error: unknown = revived(chain(100));
  for (; error instanceof Error; error = error.cause) causes++;
  t.is(causes, 1 + limits.errorCauses);
  t.is(error, 'deeper causes were cut');
  const frames = revivedError(
    Object.assign(new Error('m'), {stack: `Error: m\n${'    at f (file.js:1:1)\n'.repeat(500)}`}),
  ).stack as string;
  t.is(frames.match(/ {4}at f/g)?.length, limits.stackFrames);
  t.regex(frames, /more frames$/);
  t.like(revivedError(Object.assign(new Error('m'), {f: throwing, n: 1})), {f: '[the function throwing]', n: 1});
});

/** With a message and frames as programs have them. */
function ordinary(text: string, frames = 30): RangeError {
  const error = new RangeError(text);
  const lines = Array.from({length: frames}, (_, i) => `    at work${i} (/srv/app/source/module-${i}.ts:${i}:7)`);
  return Object.assign(error, {code: 'E_RANGE', stack: [`RangeError: ${text}`, ...lines].join('\n')});
}

/** The errors of the leaves, `fan` actors below each of `levels`. */
function nurseries(fan: number, levels: number, text: string): Error {
  const members = Array.from({length: fan}, () =>
    unboxError(sent(levels === 1 ? ordinary(text) : nurseries(fan, levels - 1, text)), ordinary('the call')),
  );
  return new errors.NurseryError(members, `${fan} things failed`);
}

const leaves = (error: unknown): readonly unknown[] =>
  error instanceof errors.RemoteActorError && error.cause instanceof errors.NurseryError
    ? leaves(error.cause)
    : error instanceof errors.NurseryError
      ? error.errors.flatMap(leaves)
      : [error];

for (const [fan, levels, text] of [
  [limits.errorMembers, 1, 'short'],
  [limits.errorMembers, 1, 'long '.repeat(1000)],
  [2, 5, 'short'],
  [2, 5, 'long '.repeat(1000)],
  [8, 2, 'short'],
] as const)
  test(`E1, E3: of ${fan} failures at each of ${levels} levels every class and code arrives, and frames are cut first [${text.length} characters each]`, t => {
    const all = leaves(unboxError(sent(nurseries(fan, levels, text))));
    t.is(all.length, fan ** levels);
    for (const leaf of all) {
      t.true(leaf instanceof errors.RemoteActorError && leaf.is(RangeError), inspect(leaf));
      t.like((leaf as Error).cause, {code: 'E_RANGE'});
      t.deepEqual((leaf as errors.RemoteActorError).origin, worker);
      t.true(((leaf as Error).cause as Error).message.startsWith(text.slice(0, 5)));
    }
  });

test('E3: frames are cut from the outer end, and the stack says how many are gone', t => {
  const [first] = leaves(unboxError(sent(nurseries(64, 1, 'short'))));
  const lines = (((first as Error).cause as Error).stack as string).split('\n');
  t.is(lines[0], 'RangeError: short');
  t.is(lines[1], '    at work0 (/srv/app/source/module-0.ts:0:7)');
  const [, gone] = /^ {4}… (\d+) more frames$/.exec(lines.at(-1) as string) ?? [];
  t.is(lines.length - 2 + Number(gone), 30);
});

test('E3: of ten thousand members no more are looked at than are sent', t => {
  let looked = 0;
  const members = new Proxy(
    Array.from({length: 10_000}, (_, i) => new Error(`${i}`)),
    {
      get(all, key) {
        if (/^\d+$/.test(String(key))) looked++;
        return Reflect.get(all, key);
      },
    },
  );
  sent(Object.defineProperty(new AggregateError([]), 'errors', {value: members}));
  t.is(looked, limits.errorMembers);
});

test('E3: errors that are members of one another are cut at a depth that every reader takes', t => {
  const nested = (levels: number): Error =>
    levels === 0 ? ordinary('leaf') : new AggregateError([nested(levels - 1)]);
  let depth = 0;
  let error: unknown = revived(nested(40));
  for (; error instanceof AggregateError; [error] = error.errors) depth++;
  t.is(depth, limits.errorDepth);
  t.is(error, 'deeper causes were cut');
  t.true(
    leaves(unboxError(sent(nurseries(1, 7, 'short')))).every(leaf => (leaf as errors.RemoteActorError).is(RangeError)),
  );
});

test('E3: no text outgrows the box, whatever of it UTF-8 cannot carry', t => {
  const odd = '\ud800';
  for (const [title, text] of Object.entries({
    'behind what is kept': '漢'.repeat(100_000) + odd,
    'before the rest': odd + 'a'.repeat(100_000),
    'in between': `${'a'.repeat(8_000)}${odd}${'漢'.repeat(100_000)}`,
  })) {
    const stack = ['Error: m', ...(text.match(/.{1,400}/gsu) ?? []).map(part => `    at f (${part}:1:1)`)].join('\n');
    const long = codec.encode(boxError(new AggregateError([new Error(text), new Error(text)], text), worker));
    t.true(long.length <= limits.errorBytes, `${title}: ${long.length} bytes`);
    const traced = Array.from({length: 4}, () => Object.assign(new Error('m'), {stack}));
    const bytes = codec.encode(boxError(new AggregateError(traced, 'm'), worker));
    t.true(bytes.length <= limits.errorBytes, `${title}: ${bytes.length} bytes`);
  }
  t.true(revivedError(new Error(odd + 'a'.repeat(100))).message.startsWith(odd), 'a message arrives as it was');
});

test('E3: of a road that does not fit the origin arrives', t => {
  let passed = unboxError(sent(ordinary('of a leaf')));
  for (let i = 1; i < limits.errorPath; i++) passed = unboxError(boxError(passed, relay));
  const group = new errors.NurseryError(Array(limits.errorMembers).fill(passed), 'many');
  const members = (unboxError(sent(group)).cause as errors.NurseryError).errors as readonly errors.RemoteActorError[];
  for (const member of members) {
    t.true(member.is(RangeError));
    t.deepEqual(member.origin, worker);
    t.deepEqual(member.path, [worker]);
  }
});

test('E3: whatever is thrown, the box can be sent and is small', t => {
  const thing = fc.oneof(
    anyValue,
    fc
      .record({message: fc.string({maxLength: 30_000}), own: fc.dictionary(fc.string(), anyValue), cause: anyValue})
      .map(({message, own, cause}) => Object.assign(new Error(message, {cause}), own)),
    fc.array(anyValue).map(
      values =>
        new AggregateError(
          values.map(value => Object.assign(new Error('m'), {value})),
          'all',
        ),
    ),
  );
  t.notThrows(() =>
    fc.assert(
      fc.property(thing, thrown => codec.encode(boxError(thrown, worker)).length <= limits.errorBytes + 1024),
      {numRuns: 300},
    ),
  );
});

test('an Error within a value goes the same way', t => {
  const value = codec.decode(codec.encode({result: [new TypeError('in', {cause: circle()})]})) as {result: [Error]};
  t.true(value.result[0] instanceof TypeError);
  t.is((value.result[0].cause as Error).message, 'a');
  const reason = codec.decode(codec.encode(new Map([['e', new errors.StreamClosed('m')]]))) as Map<string, unknown>;
  t.true(reason.get('e') instanceof errors.StreamClosed);
});

const malformed: readonly (readonly [string, unknown])[] = [
  ['nothing', undefined],
  ['a text', 'text'],
  ['an array', []],
  ['an empty object', {}],
  ['no path', {type: 'Error', path: [], thrown: {value: 1}}],
  ['a path of texts', {type: 'Error', path: ['a'], thrown: {value: 1}}],
  ['a path that is too long', {type: 'Error', path: new Array(100).fill(worker), thrown: {value: 1}}],
  ['no thrown thing', {type: 'Error', path: [worker]}],
  ['a class that is no text', {type: 'Error', path: [worker], thrown: {class: 1, message: ''}}],
  [
    'errors that are no array',
    {
      type: 'Error',
      path: [worker],
      thrown: {class: 'Error', message: '', errors: 1, own: 1, suppressed: {}, stack: 1, name: 2},
    },
  ],
  [
    'members that are nothing',
    {type: 'Error', path: [worker], thrown: {class: 'AggregateError', message: '', errors: [1, null, {}]}},
  ],
  [
    'a class of Object.prototype',
    {type: 'x', path: [worker], thrown: {class: 'constructor', message: '', own: {toString: 1, constructor: 2}}},
  ],
  ['a class that must not be built', {type: 'x', path: [worker], thrown: {class: 'Function', message: 'return 1'}}],
  [
    'a RemoteActorError without its fields',
    {
      type: 'x',
      path: [worker],
      thrown: {class: 'RemoteActorError', message: '', own: {code: 'ERR_REMOTE', origin: 1, path: 2}},
    },
  ],
];
for (const [title, box] of malformed)
  test(`a malformed box is a placeholder, never a crash: ${title}`, t => {
    const wire = codec.decode(codec.encode(box)) as BoxedError;
    const error = unboxError(wire);
    t.true(error instanceof errors.RemoteActorError);
    t.notThrows(() => [inspect(error), String(error.cause), reviveError(wire), codec.encode(boxError(error, relay))]);
  });

test('a chain of causes that is deeper than we send is cut when it is read', t => {
  let node: unknown = {value: 'end'};
  for (let i = 0; i < 40; i++) node = {class: 'Error', message: `${i}`, cause: node};
  t.notThrows(() => inspect(unboxError({type: 'Error', path: [worker], thrown: node} as BoxedError), {depth: 50}));
});
