/**
 * The boot of an actor that a process on another host has placed here: it serves over a connection from there, which the daemon of this
 * host has handed over.
 * Floor 8: the entry that `fleet/daemon` starts. Who it is, and the key of its connection, come over a pipe, because arguments and
 * variables of a process can be read by others.
 */
import {Socket} from 'node:net';
import {text} from 'node:stream/consumers';
import {platform} from './base/platform.js';
import {beginProcess, bootProcess} from './boot-process.js';
import type {RemoteAssignment} from './fleet/daemon-process.js';
import {acceptHandedOver} from './transport/handed-over.js';

/** The file descriptors of the connection, and of the pipe. */
const [channelFd, secretFd] = [3, 4];

const [parentPid = '', , , , folder = ''] = process.argv.splice(2);
beginProcess(Number(parentPid), folder);
const channel = new Socket({fd: channelFd, readable: true, writable: true});
void text(new Socket({fd: secretFd, readable: true, writable: false})).then(assignment =>
  begin(JSON.parse(assignment)),
);

function begin({id, name, treeId, argv, host, ticket, key, modules}: RemoteAssignment): void {
  process.argv.push(...argv);
  platform.host = () => host;
  const urls = new Map(modules);
  const urlOf = (module: string): string => {
    const url = urls.get(module);
    if (url === undefined) throw new Error(`${module} was not named when the actor was placed`);
    return url;
  };
  bootProcess({id, name, treeId}, acceptHandedOver(channel, ticket, Buffer.from(key, 'hex')), Number(parentPid), urlOf);
}
