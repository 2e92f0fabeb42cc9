/**
 * A standby: a process that has loaded the library and waits to become an actor, once.
 * Floor 6: above `birth`, `process-carrier` and `assignment`; `standbys` keeps several.
 */
import {AsyncResource} from 'node:async_hooks';
import type {ChildProcess} from 'node:child_process';
import type {EventEmitter} from 'node:events';
import type {Socket} from 'node:net';
import {plainClock} from '../../base/clock.js';
import {deferred} from '../../base/deferred.js';
import {assignmentOf} from './assignment.js';
import {type Birth, begin, keyOf} from './birth.js';
import {carrierOf} from './process-carrier.js';
import {endOf, type ProcessEnd} from './process-end.js';
import type {Spawned, SpawnRequest} from './spawner.js';

/** Maximum time in ms for the answer to an assignment. A standby that is late may be stopped, and another process is begun. */
const answerMs = 1_000;
export async function beginStandby(birth: Birth, treeId: string): Promise<Standby> {
  // Before the process is there: what it inherits must not change in between.
  const key = keyOf(birth);
  return new Standby(await begin(birth, {treeId, id: '', name: 'standby', argv: []}), birth, key);
}

export class Standby {
  /** Everything that is fixed at its birth: see `keyOf`. */
  readonly key: string;
  readonly #child: ChildProcess;
  readonly #channel: Socket;
  readonly #birth: Birth;
  readonly #end: ProcessEnd;
  readonly #who: {name: string | undefined} = {name: undefined};
  readonly #ready = deferred();
  readonly #answered = deferred();
  #hasAnswered = false;
  /** Whether it waits for its assignment. */
  isReady = false;

  constructor(child: ChildProcess, birth: Birth, key: string) {
    this.key = key;
    this.#child = child;
    this.#birth = birth;
    this.#channel = child.stdio[3] as Socket;
    this.#end = endOf(child, this.#who);
    this.#channel.on('readable', this.#read);
    for (const handle of this.#handles) handle.unref();
  }

  /** Resolves when it has ended. */
  get gone(): Promise<unknown> {
    return this.#end.exited;
  }

  get isGone(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Resolves when it waits for its assignment, or has ended. */
  async settled(): Promise<void> {
    await Promise.race([this.#ready.promise, this.gone]);
  }

  /** Becomes the actor of this request. Undefined when it has died, or does not answer: then it is ended. Called once. */
  async become(request: SpawnRequest): Promise<Spawned | undefined> {
    this.#who.name = request.name;
    for (const handle of this.#handles) handle.ref();
    this.#channel.write(assignmentOf(request));
    await plainClock.within(Promise.race([this.#answered.promise, this.gone]), answerMs);
    this.#channel.off('readable', this.#read);
    if (!this.#hasAnswered) {
      void this.discard();
      return undefined;
    }
    for (const source of [this.#channel, ...this.#outputs]) emitHere(source);
    return carrierOf(this.#child, this.#birth, this.#end, request);
  }

  /** Ends it. Resolves when it is gone. Nothing of a user's runs in it, so it is not asked. */
  async discard(): Promise<void> {
    this.#child.ref();
    // It ends with its channel too, where the system does not let this process kill it.
    for (const stream of [this.#channel, ...this.#outputs]) stream.destroy();
    this.#end.kill();
    await this.gone;
  }

  readonly #read = (): void => {
    if (!this.isReady && this.#channel.read(1) !== null) {
      this.isReady = true;
      this.#ready.resolve();
    }
    if (this.#channel.readableLength === 0) return;
    this.#hasAnswered = true;
    this.#answered.resolve();
  };

  get #outputs(): Socket[] {
    return [this.#child.stdout, this.#child.stderr].filter(output => output !== null) as Socket[];
  }

  /** The handles that keep this process running. While it waits, a standby does not. */
  get #handles(): (ChildProcess | Socket)[] {
    return [this.#child, this.#channel, ...this.#outputs];
  }
}

/**
 * Listeners of a stream run from now on in the async context of the code that runs now: that of the call that starts the actor, as
 * with a process that is begun for it. Otherwise it would be the context in which the standby was begun.
 */
function emitHere(stream: EventEmitter): void {
  stream.emit = AsyncResource.bind(stream.emit.bind(stream));
}
