/**
 * Brings the bundle of a root to a host that does not have it.
 * Floor 6: above `bundle` and `host-link`; `remote-body` calls it before it gives an order.
 */
import {readFile} from 'node:fs/promises';
import {thrownText} from '../base/foreign.js';
import {sha256} from '../base/node-modules.js';
import type {MsgStream} from '../context/rx/msg-stream.js';
import type {Bundle} from './bundle.js';
import {bundleThere} from './contract.js';
import type {HostLink} from './host-link.js';

const chunkBytes = 64 * 1024;

/**
 * @param signal takes back what is under way
 * @throws what the host refuses, and an error that says what has become of the file here
 */
export async function shipTo({portal}: HostLink, bundle: Bundle, signal: AbortSignal): Promise<void> {
  const {hash, size} = bundle;
  const context = await portal.with({signal}).openContext(bundleThere, {hash, size});
  try {
    if (context.first === 'wanted') await send(context.openStream(), await bytesOf(bundle));
    await context.result();
  } catch (error) {
    // It has no effect where the host itself has ended it.
    await context.cancel();
    throw error;
  }
}

async function send(wire: Pick<MsgStream<never, Uint8Array>, 'send'>, bytes: Uint8Array): Promise<void> {
  try {
    for (let at = 0; at < bytes.length; at += chunkBytes) await wire.send(bytes.subarray(at, at + chunkBytes));
  } catch {
    // Why the host does not take it is told by the result.
  }
}

/** Actors of one program run one bundle, so a file that was built anew meanwhile is not sent. */
async function bytesOf({name, file, hash}: Bundle): Promise<Uint8Array> {
  const bytes = await readFile(file).catch(error => {
    throw new Error(`the bundle ${name} cannot be read any more (ship): ${thrownText(error)}`);
  });
  if (sha256(bytes) === hash) return bytes;
  throw new Error(`the bundle ${name} has changed since this program was started (ship): start it again`);
}
