/**
 * The API of OpenTelemetry, an optional peer of this package: says what to install where it is missing.
 * Floor 7: below every file of `otel`. Types are imported as usual.
 *
 * It is required, not imported, because a failing import could not be explained. Both forms of that package share one state.
 */
import {createRequire} from 'node:module';
import {ResourceExhausted} from '../base/errors.js';
import {readProperty} from '../base/foreign.js';

type Api = typeof import('@opentelemetry/api');

/** @throws ResourceExhausted `package`, which says what to install */
export function openTelemetry(): Api {
  try {
    return createRequire(import.meta.url)('@opentelemetry/api') as Api;
  } catch (error) {
    if (readProperty(error, 'code') !== 'MODULE_NOT_FOUND') throw error;
    const text = 'rxtractor/otel needs a package that is not installed: npm install @opentelemetry/api';
    throw new ResourceExhausted(text, {what: 'package', cause: error});
  }
}

interface Provider {
  forceFlush?(): Promise<void>;
}

/** Sends what a provider holds. The API knows no such method, but those of the SDKs have it. */
export async function flushed(provider: object): Promise<void> {
  const {getDelegate} = provider as {getDelegate?(): Provider};
  await ((getDelegate?.call(provider) ?? provider) as Provider).forceFlush?.();
}
