/**
 * The end of a process: how it is seen, and how it is brought about by force.
 * Floor 6: below `process-carrier`.
 */
import type {ChildProcess} from 'node:child_process';
import type {Socket} from 'node:net';
import {plainClock} from '../../base/clock.js';
import {deferred} from '../../base/deferred.js';
import type {Exit} from '../../base/errors.js';
import {escapeLine} from '../../base/escape.js';
import {log} from '../../base/log.js';
import type {Spawned} from './spawner.js';

export type ProcessEnd = Pick<Spawned, 'exited' | 'kill'>;

/** Maximum wait for the rest of the output after an exit, in ms, because a grandchild may hold the pipe open. */
const outputGraceMs = 100;
/** Maximum wait in ms for a process that this one may not kill: without its channel it goes by itself, unless it is busy. */
const giveUpMs = 250;

/**
 * Sees the end of a child of the system. Called once, when it has been started.
 *
 * @param who it is when it ends. Without a name it is a standby, of which nobody needs to be told
 */
export function endOf(child: ChildProcess, who: {readonly name: string | undefined}): ProcessEnd {
  const exited = deferred<Exit>();
  let hasExited = false;
  child.once('exit', (code, signal) => {
    hasExited = true;
    const done = (): void => {
      stop();
      letGo(child);
      exited.resolve({code, signal});
    };
    const stop = plainClock.timer(outputGraceMs, done);
    child.once('close', done);
  });

  let isRefused = false;
  child.on('error', (error: NodeJS.ErrnoException) => {
    if (error.syscall !== 'kill' || isRefused) return;
    isRefused = true;
    child.stdio[3]?.destroy();
    plainClock.timer(giveUpMs, () => {
      if (hasExited) return;
      const named = `${escapeLine(who.name ?? 'a standby')} (pid ${child.pid})`;
      const level = who.name === undefined ? 'runtime' : 'warn';
      log(level, `${named} lives on: the system has refused to kill it (${error.code})`);
      letGo(child);
      exited.resolve({code: null, signal: null});
    });
  });
  return {exited: exited.promise, kill: () => void child.kill('SIGKILL')};
}

/**
 * The child and its output do not keep this process running any more. A process that the child has left behind may still
 * write, and is read for as long as this process runs.
 */
function letGo(child: ChildProcess): void {
  child.unref();
  for (const output of [child.stdout, child.stderr]) (output as Socket | null)?.unref();
}
