/**
 * The events of the process that code of a simulation causes: errors that nothing has caught, warnings of the runtime, and `process.exit`.
 * Floor 9, room `simulation`: above `place`. Whatever does not belong to a simulation goes where it went before.
 */

import type {Stop} from '../../base/clock.js';
import {readProperty} from '../../base/foreign.js';
import {type Place, placeHere} from './place.js';

export interface ProcessEvents {
  readonly owns: (place: Place) => boolean;
  /** An error that nothing has caught. */
  uncaught(place: Place, error: unknown): void;
  /** A warning of the runtime. */
  warned(place: Place, text: string): void;
  /** `process.exit` was called. Never returns, as `process.exit` itself. */
  exit(place: Place, code: number): never;
}

type Listener = (...args: unknown[]) => void;

/** The codes of warnings that the runtime gives. */
const ownWarnings = /^(?:RXTRACTOR_|ERR_STREAM_CLOSED$)/;

/** Takes the events of the process for the length of a run. Returns how to give them back. */
export function takeProcessEvents(events: ProcessEvents): Stop {
  const here = (): Place | undefined => {
    const place = placeHere();
    return place && events.owns(place) ? place : undefined;
  };
  const {emit, exit} = process;
  const ownEmit = Object.getOwnPropertyDescriptor(process, 'emit');
  const added: [string | symbol, Listener][] = [];
  const noteListener = (event: string | symbol, listener: Listener): void => {
    if (here()) added.push([event, listener]);
  };
  process.on('newListener', noteListener);
  process.emit = function emitOrTake(this: NodeJS.Process, event: string, ...args: unknown[]): boolean {
    const place = here();
    if (place && (event === 'uncaughtException' || event === 'unhandledRejection')) {
      events.uncaught(place, args[0]);
      return true;
    }
    if (place && event === 'warning' && ownWarnings.test(String(readProperty(args[0], 'code')))) {
      events.warned(place, String(readProperty(args[0], 'message')));
      return true;
    }
    return Reflect.apply(emit, process, [event, ...args]) as boolean;
  } as typeof process.emit;
  process.exit = code => {
    const place = here();
    if (place) return events.exit(place, Number(code ?? process.exitCode ?? 0));
    return exit.call(process, code);
  };
  return () => {
    if (ownEmit) Object.defineProperty(process, 'emit', ownEmit);
    else Reflect.deleteProperty(process, 'emit');
    process.exit = exit;
    process.off('newListener', noteListener);
    // A run that fails leaves its roots open, with their listeners for signals.
    for (const [event, listener] of added) process.off(event, listener);
  };
}
