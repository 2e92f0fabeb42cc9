/**
 * Watches for real input and output that code of a simulation begins: its answer would come at a moment that no seed decides.
 * Floor 9, room `simulation`: above `place`. It cannot stop the operation, so it says what has begun, and the run fails.
 */
import {type AsyncHook, createHook} from 'node:async_hooks';
import {type Place, placeHere} from './place.js';

/** The resources of Node's async hooks, in words. Others are allowed: promises, timers, writes to the console. */
const kinds: Readonly<Record<string, string>> = {
  FSREQCALLBACK: 'a file operation',
  FSREQPROMISE: 'a file operation',
  FILEHANDLE: 'a file operation',
  FILEHANDLECLOSEREQ: 'a file operation',
  FSEVENTWRAP: 'to watch a file',
  STATWATCHER: 'to watch a file',
  TCPWRAP: 'a network connection',
  TCPSERVERWRAP: 'to listen',
  PIPEWRAP: 'a connection by a pipe or a Unix socket',
  PIPESERVERWRAP: 'to listen',
  UDPWRAP: 'to use UDP',
  GETADDRINFOREQWRAP: 'to look up a host',
  GETNAMEINFOREQWRAP: 'to look up a host',
  QUERYWRAP: 'to look up a host',
  PROCESSWRAP: 'a process',
  WORKER: 'a worker thread',
  MESSAGEPORT: 'a message channel',
  RANDOMBYTESREQUEST: 'an operation of the thread pool (crypto)',
  RANDOMPRIMEREQUEST: 'an operation of the thread pool (crypto)',
  PBKDF2REQUEST: 'an operation of the thread pool (crypto)',
  SCRYPTREQUEST: 'an operation of the thread pool (crypto)',
  HASHREQUEST: 'an operation of the thread pool (crypto)',
  KEYPAIRGENREQUEST: 'an operation of the thread pool (crypto)',
  SIGNREQUEST: 'an operation of the thread pool (crypto)',
  ZLIB: 'an operation of the thread pool (zlib)',
};
/** Their end is to be waited for, where they are allowed. Others live as long as somebody keeps them. */
const requests = /REQ|REQUEST$/;

export class IoGuard {
  readonly #hook: AsyncHook;
  /** The operations that are under way. */
  readonly #underWay = new Set<number>();

  /**
   * @param began called for each operation that begins at a place
   * @param isAllowed whether the end of operations is waited for
   */
  constructor(owns: (place: Place) => boolean, began: (place: Place, what: string) => void, isAllowed: boolean) {
    const init = (id: number, type: string): void => {
      const what = kinds[type];
      if (what === undefined) return;
      const place = placeHere();
      if (!place || !owns(place)) return;
      if (requests.test(type)) this.#underWay.add(id);
      began(place, isImport() ? 'an import()' : what);
    };
    const ended = (id: number): void => void this.#underWay.delete(id);
    // A hook for ends costs much: Node then watches the end of every promise.
    this.#hook = createHook(isAllowed ? {init, after: ended, destroy: ended} : {init});
    this.#hook.enable();
  }

  /** Whether an operation is under way whose end may be waited for. */
  get isBusy(): boolean {
    return this.#underWay.size > 0;
  }

  release(): void {
    this.#hook.disable();
  }
}

/** Whether the loader of modules has begun it. */
function isImport(): boolean {
  return /node:internal\/modules\//.test(new Error('here').stack ?? '');
}
