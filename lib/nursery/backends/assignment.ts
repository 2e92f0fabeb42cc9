/**
 * How a standby learns who it is: one line of JSON on its channel, before the messages of the channel begin.
 * Floor 6: both ends. `standby` sends it, the boot of a process reads it. The standby says by a byte that it is ready to be assigned,
 * and answers with its Hello.
 */
import type {Socket} from 'node:net';
import type {SpawnRequest} from './spawner.js';

/** Who an actor is. Everything else about its process was fixed at its birth. */
export type Assignment = Pick<SpawnRequest, 'id' | 'name' | 'argv'>;

const lineEnd = '\n';

/** The bytes by which a standby is assigned. */
export function assignmentOf({id, name, argv}: Assignment): string {
  return JSON.stringify({id, name, argv}) + lineEnd;
}

/** In a standby: says that it is ready, and waits. It ends with its parent, because its channel ends then. */
export function awaitAssignment(channel: Socket): Promise<Assignment> {
  return new Promise(resolve => {
    const parts: Buffer[] = [];
    const read = (part: Buffer): void => {
      parts.push(part);
      if (part.at(-1) !== lineEnd.charCodeAt(0)) return;
      channel.off('data', read).off('close', endProcess);
      resolve(JSON.parse(Buffer.concat(parts).toString('utf8')) as Assignment);
    };
    channel.on('data', read).on('close', endProcess);
    channel.write(lineEnd);
  });
}

const endProcess = (): never => process.exit(0);
