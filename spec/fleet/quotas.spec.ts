// How much of a host each subject may use. The time is given, so nothing waits.
import test from 'ava';
import {UsageError} from '../../lib/cli/command.js';
import {host} from '../../lib/cli/host.js';
import type {Io} from '../../lib/cli/io.js';
import {type QuotaOptions, Quotas, quotaIn} from '../../lib/fleet/quotas.js';

const [deploy, ci] = [
  ['CN=deploy', 'O=shop'],
  ['CN=ci', 'O=shop'],
];
const none: QuotaOptions = {actors: [], spawns: []};
const each = (most: number) => ({subject: undefined, most});

test('each subject has a quota of its own, whatever the order of the parts of its certificate', t => {
  const quotas = new Quotas({...none, actors: [each(2), {subject: 'O=shop,CN=ci', most: 1}]});
  const leave = quotas.enter(deploy, 0);
  t.is(quotas.refusal(deploy, 0), undefined);
  quotas.enter(deploy.toReversed(), 0);
  quotas.enter(ci, 0);
  t.is(
    quotas.refusal(deploy, 0),
    'CN=deploy,O=shop has 2 actors here, as many as it may have (--subject-actors 2): end one of them, or use another host',
  );
  t.regex(quotas.refusal(ci, 0) ?? '', /^CN=ci,O=shop has 1 actors here.*--subject-actors 1/);
  leave();
  t.is(quotas.refusal(deploy, 0), undefined);
});

test('within any second a subject starts as many actors as it may, also when they have ended', t => {
  const quotas = new Quotas({...none, spawns: [each(2)]});
  quotas.enter(deploy, 100)();
  quotas.enter(deploy, 900)();
  t.is(
    quotas.refusal(deploy, 1_000),
    'CN=deploy,O=shop has started 2 actors here within a second, as many as it may (--subject-spawns 2): try again in 100 ms, or use another host',
  );
  t.is(quotas.refusal(ci, 1_000), undefined);
  // The first one was a second ago, and the second one was not.
  t.is(quotas.refusal(deploy, 1_100), undefined);
  quotas.enter(deploy, 1_100);
  t.regex(quotas.refusal(deploy, 1_100) ?? '', /try again in 800 ms/);
});

test('without a quota a subject is not refused', t => {
  const quotas = new Quotas(none);
  for (let count = 0; count < 1_000; count++) quotas.enter(ci, 0);
  t.is(quotas.refusal(ci, 0), undefined);
});

test('a quota is a number, or the whole subject and a number', t => {
  t.deepEqual(quotaIn('16'), each(16));
  t.deepEqual(quotaIn('CN=ci,O=a:b:4'), {subject: 'CN=ci,O=a:b', most: 4});
  for (const wrong of ['', '0', '-1', '1.5', 'ci:4', 'CN=ci', 'CN=ci:', 'CN=ci:0', '9'.repeat(20)])
    t.is(quotaIn(wrong), undefined, wrong);
});

test('a quota that is no number, or for a subject that may place nothing, does not start the daemon', async t => {
  for (const [quota, message] of [
    ['many', /^--subject-spawns takes a number from 1 on, or 'CN=ci:4' for one subject, not many$/],
    ['CN=c:4', /^--subject-spawns CN=c:4: CN=c is not one of --may-spawn$/],
  ] as const) {
    const options = {'may-spawn': ['CN=ci'], 'subject-actors': ['CN=ci:4'], 'subject-spawns': [quota]};
    await t.throwsAsync(host.run({options}, {} as Io), {instanceOf: UsageError, message});
  }
});
