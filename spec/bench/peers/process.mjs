// The common part of peers that connect to a process over a socket: it is started, says that it listens, and is ended.
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';

/** @returns the path of the Unix socket on which it listens, and what ends it */
export async function startEnd(file) {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const path = join(folder, 's');
  const child = spawn(process.execPath, [fileURLToPath(new URL(file, import.meta.url)), path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said = await Promise.race([once(child.stdout, 'data'), once(child, 'exit').then(() => undefined)]);
  if (said === undefined) throw new Error(`${file} has ended`);
  return {
    path,
    end: async () => {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
      rmSync(folder, {recursive: true, force: true});
    },
  };
}
