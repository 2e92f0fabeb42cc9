/**
 * Ends actors whose lease is over although the daemon stands still: a process of its own kills them (`kill-overdue`).
 * Floor 6: a part of `daemon`; each lease tells it when it ends, and which processes it has.
 */
import {type ChildProcess, spawn} from 'node:child_process';
import type {Socket} from 'node:net';
import {fileURLToPath} from 'node:url';
import {plainClock} from '../base/clock.js';
import {libraryFile} from '../base/library.js';
import {log} from '../base/log.js';
import {lineOf} from './term.js';

/** The processes of one lease. Without any, it is forgotten. */
export interface Watched {
  readonly id: number;
  readonly killAt: number;
  readonly pids: readonly number[];
}

/** Tells the watchdog of a lease: when it is over, and what runs under it now. */
export type Guard = (killAt: number, pids: readonly number[]) => void;

/** Minimum time in ms between two starts, because one that cannot run at all must not be started with each beat. */
const restartMs = 1_000;

export class Watchdog {
  readonly #watched = new Map<number, Watched>();
  #leases = 0;
  #process: ChildProcess | undefined;
  #startedAt = Number.NEGATIVE_INFINITY;

  /** For one lease. The process begins with the first actor. */
  readonly watch = (): Guard => {
    const id = this.#leases++;
    return (killAt, pids) => this.#tell({id, killAt, pids});
  };

  /** Its pid. Undefined while nobody has needed it. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  close(): void {
    this.#watched.clear();
    this.#process?.stdin?.end();
  }

  #tell(watched: Watched): void {
    const isKnown = this.#watched.delete(watched.id);
    if (watched.pids.length > 0) this.#watched.set(watched.id, watched);
    else if (!isKnown) return;
    if (this.#process) this.#process.stdin?.write(lineOf(watched));
    else if (this.#watched.size > 0) this.#start();
  }

  #start(): void {
    const now = plainClock.now();
    if (now - this.#startedAt < restartMs) return;
    this.#startedAt = now;
    const file = fileURLToPath(libraryFile('fleet/kill-overdue.js') as URL);
    // In a session of its own: what stops the group of the daemon does not stop it. It ends with its stdin, so with the daemon.
    const started = spawn(process.execPath, [file], {stdio: ['pipe', 'ignore', 'ignore'], detached: true, env: {}});
    this.#process = started;
    started.unref();
    started.stdin.on('error', () => {});
    (started.stdin as unknown as Socket).unref();
    const ended = (why: string) => (): void => {
      if (this.#process !== started) return;
      this.#process = undefined;
      if (this.#watched.size > 0) log('warn', `the watchdog of the leases ${why}: the next beat starts another one`);
    };
    started.once('error', ended('could not be started')).once('exit', ended('has ended'));
    for (const watched of this.#watched.values()) started.stdin.write(lineOf(watched));
  }
}
