/**
 * Actors as operating-system processes: the default backend. A standby becomes the actor where one fits; otherwise a process is
 * begun.
 * Floor 6: `birth` says what of a process is fixed, `process-carrier` connects to it.
 */
import {SpawnFailed} from '../../base/errors.js';
import {begin, birthOf} from './birth.js';
import {execError} from './exec-error.js';
import {carrierOf} from './process-carrier.js';
import {endOf} from './process-end.js';
import type {Spawned, SpawnRequest} from './spawner.js';

export async function spawnProcess(request: SpawnRequest): Promise<Spawned> {
  try {
    return (await request.standbys?.take(request)) ?? (await spawnNew(request));
  } catch (error) {
    throw error instanceof SpawnFailed ? error : execError(request.name, error);
  }
}

async function spawnNew(request: SpawnRequest): Promise<Spawned> {
  const birth = birthOf(request);
  const child = await begin(birth, request);
  return carrierOf(child, birth, endOf(child, request), request);
}
