/**
 * Where a command reads and writes: the terminal or pipe, its width, whether it is coloured, and the Ctrl-C of the person.
 * Floor 10: beside `command`. Specs make one of their own.
 */
import type {ReadStream} from 'node:tty';
import {defer, fromEvent, type Observable, of} from 'rxjs';

export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  on?(event: 'resize', listener: () => void): unknown;
  off?(event: 'resize', listener: () => void): unknown;
}

/** The part of a keyboard that `top` needs. */
export type Input = Pick<ReadStream, 'isTTY' | 'setRawMode' | 'on' | 'off' | 'resume' | 'pause'>;

export interface Io {
  readonly input: Input;
  readonly out: Output;
  readonly err: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted when the person presses Ctrl-C, or the system asks the command to end. Its reason is the name of the signal. */
  readonly interrupted: AbortSignal;
}

/** The width for lines that must fit: that of the terminal, and unlimited in a pipe, because programs cut by themselves. */
export const widthOf = ({isTTY, columns}: Output): number =>
  isTTY ? Math.max(columns ?? 80, 20) : Number.POSITIVE_INFINITY;

/** Whether escape sequences may go there: to a terminal, unless `NO_COLOR` or `TERM=dumb` says otherwise. */
export function isColoured({isTTY}: Output, {NO_COLOR, TERM}: Io['env']): boolean {
  return isTTY === true && (NO_COLOR ?? '') === '' && TERM !== 'dumb';
}

export const line = (out: Output, text = ''): void => void out.write(`${text}\n`);

/** Emits when the command is asked to end, and at once when it was asked before. */
export const endOf = ({interrupted}: Pick<Io, 'interrupted'>): Observable<unknown> =>
  defer(() => (interrupted.aborted ? of(undefined) : fromEvent(interrupted, 'abort')));
