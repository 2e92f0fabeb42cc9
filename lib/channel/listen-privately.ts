/**
 * A socket in a private folder, beside a key that whoever connects must know: the door of a process for its own user.
 * Floor 3: above `listen-for-actors`; a root opens one for observers, the daemon of a host one for its command.
 */
import {rmdirSync, unlinkSync, writeFileSync} from 'node:fs';
import {dirname} from 'node:path';
import {attempt} from '../base/foreign.js';
import {platform} from '../base/platform.js';
import {type AcceptorOptions, listenForActors} from './listen-for-actors.js';

/** Both are in the same folder. */
export interface PrivatePaths {
  readonly socket: string;
  /** The file of the key. It is written before the socket is there. */
  readonly key: string;
}

/** Returns how to close it, which removes both files. @throws the error of the file system, and what `listenForActors` throws */
export async function listenPrivately(
  {socket, key}: PrivatePaths,
  options: Omit<AcceptorOptions, 'secret'>,
): Promise<() => Promise<void>> {
  const secret = Uint8Array.from(platform.randomBytes(32));
  writeFileSync(key, secret, {mode: 0o600, flag: 'wx'});
  const removeKey = (): void => void attempt(() => unlinkSync(key));
  const listener = await listenForActors({kind: 'unix', path: socket}, {...options, secret}).catch(error => {
    // Else the folder could not be removed at the end.
    removeKey();
    throw error;
  });
  /** Also at an exit that nothing announces: within the call. */
  const remove = (): void => {
    void listener.close();
    removeKey();
    attempt(() => rmdirSync(dirname(socket)));
  };
  process.on('exit', remove);
  return async () => {
    process.off('exit', remove);
    await listener.close();
    removeKey();
  };
}
