// lib/transport/address: what is an address, and what is wrong with one that is none.
import test from 'ava';
import {
  type Address,
  formatAddress,
  isLoopback,
  isLoopbackHost,
  maxPathBytes,
  parseAddress,
} from '../../lib/transport/address.js';
import {fc} from '../kit/fast-check.js';

test('D3: an address says which kind of road it is, and where', t => {
  t.deepEqual(parseAddress('unix:/run/a b%20c'), {kind: 'unix', path: '/run/a b%20c'});
  t.deepEqual(parseAddress('unix:///run/a'), {kind: 'unix', path: '/run/a'});
  t.deepEqual(parseAddress('tcp://127.0.0.1:0'), {kind: 'tcp', host: '127.0.0.1', port: 0});
  t.deepEqual(parseAddress('tls://node-1.example:65535'), {kind: 'tls', host: 'node-1.example', port: 65_535});
  t.deepEqual(parseAddress('tcp://[::1]:80'), {kind: 'tcp', host: '::1', port: 80});
});

const refusals: readonly [unknown, RegExp][] = [
  [undefined, /not undefined/],
  ['', /begins as one of/],
  ['http://localhost:80', /begins as one of/],
  ['/run/socket', /begins as one of/],
  ['unix:run/socket', /absolute/],
  ['unix:', /absolute/],
  ['unix://host/run', /has no host/],
  ['unix:/run/', /not a folder/],
  ['unix:/run/a\0b', /zero character/],
  ['tcp://localhost', /no port/],
  ['tcp://:80', /no host/],
  ['tcp://localhost:65536', /0 to 65535/],
  ['tcp://localhost:80/path', /is not tcp:\/\/host:port/],
  ['tcp://user@localhost:80', /is not tcp:\/\/host:port/],
  ['tcp://::1:80', /in brackets/],
  ['tcp://[127.0.0.1]:80', /no IPv6 address/],
  ['tcp://0:80', /no IPv4 address/],
  ['tcp://127.1:80', /no IPv4 address/],
  ['tls://0x7f000001:80', /no IPv4 address/],
  ['tls://a b:80', /neither a name nor an IP/],
];

for (const [text, why] of refusals) {
  test(`${JSON.stringify(text)} is no address: ${why.source}`, t => {
    t.throws(() => parseAddress(text as string), {instanceOf: TypeError, message: why});
  });
}

test('K67: the path of a socket is as long as the system takes it whole, in bytes, not in characters', t => {
  const path = (bytes: number): string => `unix:/${'p'.repeat(bytes - 1)}`;
  t.is((parseAddress(path(maxPathBytes)) as {path: string}).path.length, maxPathBytes);
  for (const bytes of [maxPathBytes + 1, maxPathBytes + 2, 200])
    t.throws(() => parseAddress(path(bytes)), {instanceOf: TypeError, message: new RegExp(`${bytes} bytes`)});
  const wide = '文'.repeat(Math.ceil(maxPathBytes / 3));
  t.true(wide.length < maxPathBytes);
  t.throws(() => parseAddress(`unix:/${wide}`), {instanceOf: TypeError, message: /too long/});
});

test('G1: only what no other host can reach is this host', t => {
  for (const host of ['127.0.0.1', '127.9.9.9', '::1', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1', 'localhost', 'LOCALHOST'])
    t.true(isLoopbackHost(host), host);
  for (const host of [
    '0.0.0.0',
    '::',
    '1.127.0.0',
    '10.0.0.1',
    '1::1',
    '::ffff:10.0.0.1',
    'localhost.example',
    '127.example',
  ])
    t.false(isLoopbackHost(host), host);
  t.true(isLoopback({kind: 'unix', path: '/run/a'}));
});

const hosts = fc.oneof(
  fc.ipV4(),
  fc.ipV6().filter(host => !host.includes('.')),
  fc.domain().filter(host => !/\.\d+$/.test(host)),
);
const addresses: fc.Arbitrary<Address> = fc.oneof(
  fc.record({
    kind: fc.constant('unix' as const),
    path: fc
      .string({minLength: 1, maxLength: 25, unit: 'grapheme'})
      .map(name => `/${name.replace(/^\/+|\/+$|\0/g, '') || 'a'}`)
      .filter(path => Buffer.byteLength(path) <= maxPathBytes),
  }),
  fc.record({kind: fc.constantFrom('tcp' as const, 'tls' as const), host: hosts, port: fc.nat(65_535)}),
);

test('what is written is what was read', t => {
  fc.assert(fc.property(addresses, address => t.deepEqual(parseAddress(formatAddress(address)), address)));
});

test('whatever text it is given, it gives an address or says why not', t => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.string().map(rest => `unix:${rest}`),
        fc.string().map(rest => `tcp://${rest}`),
      ),
      text => {
        try {
          t.truthy(parseAddress(text).kind);
        } catch (error) {
          t.true(error instanceof TypeError && error.message.includes('address'), String(error));
        }
      },
    ),
  );
});
