/**
 * Checks what a program has sent as an order, because a certificate says who sent it, and not that it is well formed.
 * Floor 6: beside `contract`; `daemon` trusts an order from here on.
 */
import {SpawnFailed} from '../base/errors.js';
import {inherits, readProperty} from '../base/foreign.js';
import {isKey, isTicket} from '../transport/handed-over.js';
import {type BundleKey, isHash} from './bundle.js';
import type {Order} from './contract.js';
import {isToken} from './token.js';

type Check = (value: unknown) => boolean;

const isText: Check = value => typeof value === 'string';
const isPositive: Check = value => typeof value === 'number' && value > 0;
const isList =
  (check: Check): Check =>
  value =>
    Array.isArray(value) && value.every(check);
const isOptional =
  (check: Check): Check =>
  value =>
    value === undefined || check(value);
const isPlain: Check = value => typeof value === 'object' && value !== null && !Array.isArray(value);

const checks: Readonly<Record<keyof Order, Check>> = {
  id: isText,
  name: isText,
  treeId: isText,
  session: isText,
  provenAt: Number.isFinite,
  ticket: value => isText(value) && isTicket(value as string),
  key: value => inherits(value, Uint8Array) && isKey(value as Uint8Array),
  token: value => isText(value) && isToken(value as string),
  app: isText,
  modules: isList(entry => isList(isText)(entry) && (entry as unknown[]).length === 3),
  argv: isList(isText),
  env: value => isPlain(value) && Object.values(value as object).every(isOptional(isText)),
  cwd: isOptional(isText),
  execArgv: isList(isText),
  maxHeap: isOptional(isPositive),
  readsStdout: value => typeof value === 'boolean',
  timeout: isPositive,
};

/** @throws SpawnFailed `place` that names the field */
export function checkOrder(order: unknown): asserts order is Order {
  for (const [field, isRight] of Object.entries(checks))
    if (!isRight(readProperty(order, field)))
      throw new SpawnFailed(`the order is malformed: ${field}`, {phase: 'place'});
}

/** @throws SpawnFailed `place` for what is not the hash and the size of a bundle */
export function checkBundle(bundle: unknown): asserts bundle is BundleKey {
  const [hash, size] = [readProperty(bundle, 'hash'), readProperty(bundle, 'size')];
  if (isText(hash) && isHash(hash as string) && Number.isSafeInteger(size) && isPositive(size)) return;
  throw new SpawnFailed('the question for a bundle is malformed', {phase: 'place'});
}

/** @throws TypeError for a session that is not a text, and a lease that is not a number of ms above 0 */
export function checkBeats(session: unknown, length: unknown): void {
  if (!isText(session) || !isPositive(length)) throw new TypeError('the question for beats is malformed');
}
