// Whatever may be thrown: each in the way that is hardest to relay.
// Below boxed-error.spec.ts; data only.

const hostile = (title: string, make: () => unknown): [string, () => unknown] => [title, make];
/** A getter, a trap or a property that nothing can be got from. */
export const throwing = (): never => {
  throw new Error('not readable');
};
/** Its stack is made when it is first read; with throwing getters that would fail in Node itself. */
const traced = (error: Error): Error => {
  String(error.stack);
  return error;
};
export const circle = (): Error => {
  const a = new Error('a');
  a.cause = new Error('b', {cause: a});
  return a;
};
/** An error with causes below it. */
export const chain = (length: number): Error => {
  let error = new Error('0');
  for (let i = 1; i < length; i++) error = new Error(`${i}`, {cause: error});
  return error;
};
const large = 'é'.repeat(5_000_000);
/** Title, and what makes it. */
export const thrownThings = [
  hostile('null', () => null),
  hostile('undefined', () => undefined),
  hostile('a symbol', () => Symbol('s')),
  hostile('a function', () => throwing),
  hostile(
    'a class instance',
    () =>
      new (class Odd {
        x = 1;
      })(),
  ),
  hostile('a promise', () => Promise.resolve()),
  hostile('an object with a function', () => ({a: 1, f: throwing})),
  hostile('a circle of objects', () => {
    const a: {a?: unknown} = {};
    a.a = [a];
    return a;
  }),
  hostile('a revoked proxy', () => {
    const {proxy, revoke} = Proxy.revocable({}, {});
    revoke();
    return proxy;
  }),
  hostile('a proxy of an error', () => new Proxy(new Error('m'), {})),
  hostile(
    'a proxy that throws at everything',
    () =>
      new Proxy(new Error('m'), {
        get: throwing,
        getPrototypeOf: throwing,
        ownKeys: throwing,
        getOwnPropertyDescriptor: throwing,
      }),
  ),
  hostile('an error behind a proxy whose get throws', () => new Proxy(new Error('m'), {get: throwing})),
  hostile('a frozen error', () => Object.freeze(new Error('m'))),
  hostile('an error with throwing getters', () =>
    Object.defineProperties(
      traced(new Error('m')),
      Object.fromEntries(
        ['message', 'stack', 'name', 'cause', 'code', 'constructor'].map(key => [
          key,
          {get: throwing, enumerable: true},
        ]),
      ),
    ),
  ),
  hostile('an error with odd fields', () =>
    Object.assign(new Error('m'), {message: 5, stack: {}, name: null, cause: throwing, errors: 'none'}),
  ),
  hostile('a circle of causes', circle),
  hostile('an error that is its own cause', () => {
    const a = new Error('a');
    a.cause = a;
    return a;
  }),
  hostile('100 causes', () => chain(100)),
  hostile(
    '10 000 members',
    () =>
      new AggregateError(
        Array.from({length: 10_000}, (_, i) => new Error(`${i}`)),
        'm',
      ),
  ),
  hostile('members with members', () => {
    let e: Error = new Error('m');
    for (let i = 0; i < 50; i++) e = new AggregateError([e, e, e], `${i}`);
    return e;
  }),
  hostile('10 MB of message', () => new Error(large)),
  hostile('10 MB of everything', () =>
    Object.assign(new Error(large), {
      name: large,
      stack: large,
      a: large,
      [large]: 1,
      errors: [large],
      buffer: Buffer.alloc(1e7),
    }),
  ),
  hostile('10 MB of stack', () =>
    Object.assign(new Error('m'), {stack: `Error: m\n${'    at f (file.js:1:1)\n'.repeat(500_000)}`}),
  ),
  hostile('10 MB of text', () => large),
  hostile('10 MB of lone surrogates', () => new Error('\ud800'.repeat(5_000_000))),
  hostile('a million properties', () =>
    Object.assign(new Error('m'), Object.fromEntries(Array.from({length: 1e6}, (_, i) => [i, i]))),
  ),
  hostile('an array of a million', () => new Array(1e6).fill(null)),
  hostile('unserializable properties', () =>
    Object.assign(new Error('m'), {
      f: throwing,
      s: Symbol('s'),
      map: new WeakMap(),
      socket: new (class Socket {})(),
      big: 1n << 100_000n,
      shared: new Uint8Array(new SharedArrayBuffer(9)),
      when: new Date(Number.NaN),
      deep: deep(100),
    }),
  ),
  hostile('the keys of a prototype', () =>
    Object.assign(new Error('m'), JSON.parse('{"__proto__":{"x":1},"constructor":1,"toString":2,"prototype":3}')),
  ),
  hostile('a document of an error', () =>
    Object.assign(new Error('m'), {
      inner: [new TypeError('i', {cause: circle()})],
      map: new Map([[new Error('k'), new Set([new Error('v')])]]),
    }),
  ),
];
function deep(levels: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < levels; i++) value = [{value}];
  return value;
}
