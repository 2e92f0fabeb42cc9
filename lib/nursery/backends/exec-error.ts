/**
 * The error of an actor that could not be started at all.
 * Floor 6: below the backends.
 */
import {isOutOfDescriptors, noDescriptorError} from '../../base/descriptors.js';
import {ResourceExhausted, SpawnFailed} from '../../base/errors.js';
import {readProperty, thrownText} from '../../base/foreign.js';

export function execError(name: string, thrown: unknown): SpawnFailed {
  const cause = exhausted(thrown) ?? thrown;
  return new SpawnFailed(`actor ${name} could not be started: ${thrownText(cause)}`, {phase: 'exec', cause});
}

/** The resource that the system has run out of; undefined for another error. */
function exhausted(thrown: unknown): ResourceExhausted | undefined {
  if (isOutOfDescriptors(thrown)) return noDescriptorError('it', thrown);
  if (readProperty(thrown, 'code') !== 'EAGAIN') return undefined;
  const text = 'the system starts no more processes for this user: raise the limit (ulimit -u) or end some';
  return new ResourceExhausted(text, {what: 'processes', cause: thrown});
}
