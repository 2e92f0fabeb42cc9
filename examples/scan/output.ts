/**
 * Standard output that is waited for, and whose reader may leave.
 * Used by `main` alone; `ready` is what holds the walk back while a slow reader is behind.
 */
import {Subject} from 'rxjs';

export interface Output {
  /** Gathers what is written in one turn of the event loop. */
  write(text: string): void;
  /** Undefined while there is room, else a promise of it. */
  ready(): Promise<void> | undefined;
  /** Emits when the reader has gone (`… | head`): there is nobody left to write for. Fails when writing fails. */
  readonly abandoned: Subject<void>;
  readonly isAbandoned: boolean;
}

/** Enough for a full pipe and the next one: more would only be memory. */
const mostWaiting = 128 * 1024;

export function openOutput(stream: NodeJS.WriteStream): Output {
  const abandoned = new Subject<void>();
  let gathered = '';
  let scheduled = false;
  let isGone = false;
  stream.on('error', (error: NodeJS.ErrnoException) => {
    isGone = true;
    if (error.code === 'EPIPE') abandoned.next();
    else if (abandoned.observed) abandoned.error(error);
    else fail(error);
  });
  const flush = (): void => {
    scheduled = false;
    if (!isGone && gathered !== '') stream.write(gathered);
    gathered = '';
  };
  return {
    abandoned,
    get isAbandoned() {
      return isGone;
    },
    write(text) {
      gathered += text;
      if (!scheduled) setImmediate(flush);
      scheduled = true;
    },
    ready() {
      if (isGone || gathered.length + stream.writableLength < mostWaiting) return undefined;
      flush();
      return new Promise(resolve => {
        stream.write('', () => resolve());
      });
    },
  };
}

// The last write can fail when nothing is under way any more that could fail with it.
function fail(error: Error): void {
  process.exitCode = 1;
  console.error(error.message);
}
