/**
 * Certificates for trying hosts out: an authority, a host and a client. Made by the program `openssl`, because Node can read
 * certificates and makes none.
 * Floor 10: used by `host`.
 */
import {execFile} from 'node:child_process';
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {hostname, tmpdir} from 'node:os';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {ResourceExhausted} from '../base/errors.js';
import {readProperty} from '../base/foreign.js';

const run = promisify(execFile);
const days = '365';
const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/** Makes them in a folder. The key of the authority is not kept, so that nobody can sign more. Resolves with the files. */
export async function makeCertificates(folder: string): Promise<string[]> {
  mkdirSync(folder, {recursive: true, mode: 0o700});
  const work = mkdtempSync(join(tmpdir(), 'rxtractor-dev-'));
  const at = (name: string): string => join(folder, name);
  const authority = {cert: at('ca.pem'), key: join(work, 'ca-key.pem')};
  try {
    await openssl([
      'req',
      '-x509',
      ...newKey,
      '-days',
      days,
      '-subj',
      '/CN=rxtractor dev',
      '-keyout',
      authority.key,
      '-out',
      authority.cert,
    ]);
    for (const name of ['host', 'client'])
      await sign(work, name, authority, {cert: at(`${name}.pem`), key: at(`${name}-key.pem`)});
  } finally {
    rmSync(work, {recursive: true, force: true});
  }
  return ['ca.pem', 'host.pem', 'host-key.pem', 'client.pem', 'client-key.pem'].map(at);
}

interface Pair {
  readonly cert: string;
  readonly key: string;
}

async function sign(work: string, name: string, authority: Pair, made: Pair): Promise<void> {
  const [request, extensions] = [join(work, `${name}.csr`), join(work, `${name}.ext`)];
  const names = [...new Set(['localhost', hostname()])].map(each => `DNS:${each}`);
  writeFileSync(extensions, `subjectAltName=${[...names, 'IP:127.0.0.1'].join(',')}\n`);
  await openssl(['req', ...newKey, '-subj', `/CN=${name}`, '-keyout', made.key, '-out', request]);
  const by = ['-CA', authority.cert, '-CAkey', authority.key, '-CAcreateserial', '-CAserial', join(work, 'serial')];
  await openssl(['x509', '-req', '-in', request, ...by, '-days', days, '-extfile', extensions, '-out', made.cert]);
}

async function openssl(args: readonly string[]): Promise<void> {
  try {
    await run('openssl', [...args]);
  } catch (cause) {
    if (readProperty(cause, 'code') !== 'ENOENT') throw cause;
    throw new ResourceExhausted('--dev needs the program openssl, which is not there', {what: 'openssl', cause});
  }
}
