/**
 * The boot of an actor that a process on another host has placed here: it serves over a connection from there, which the daemon of this
 * host has handed over.
 * Floor 8: the entry that `fleet/daemon` starts. Who it is, and the key of its connection, come over a pipe, because arguments and
 * variables of a process can be read by others.
 */
import {Socket} from 'node:net';
import {platform} from './base/platform.js';
import {beginProcess, bootProcess} from './boot-process.js';
import {leases} from './fleet/current-lease.js';
import type {RemoteAssignment} from './fleet/daemon-process.js';
import {LeaseHere} from './fleet/lease-here.js';
import {readLines, type Term} from './fleet/term.js';
import {acceptHandedOver} from './transport/handed-over.js';

/** The file descriptors of the connection, and of the pipe. */
const [channelFd, secretFd] = [3, 4];

const [parentPid = '', , , , folder = ''] = process.argv.splice(2);
beginProcess(Number(parentPid), folder);
const channel = new Socket({fd: channelFd, readable: true, writable: true});
const pipe = new Socket({fd: secretFd, readable: true, writable: false});
let assignment: RemoteAssignment | undefined;
let lease: LeaseHere | undefined;
// First who it is, then how long it may run, again and again.
readLines<RemoteAssignment | Term>(pipe, said => {
  if (!assignment) assignment = said as RemoteAssignment;
  else if (lease) lease.renew(said as Term);
  else lease = begin(assignment, said as Term);
});

function begin({id, name, treeId, argv, host, ticket, key, token, modules}: RemoteAssignment, term: Term): LeaseHere {
  pipe.unref();
  process.argv.push(...argv);
  platform.host = () => host;
  const urls = new Map(modules);
  const urlOf = (module: string): string => {
    const url = urls.get(module);
    if (url === undefined) throw new Error(`${module} was not named when the actor was placed`);
    return url;
  };
  const transport = acceptHandedOver(channel, ticket, Buffer.from(key, 'hex'));
  const actor = bootProcess({id, name, treeId}, transport, Number(parentPid), urlOf);
  // As if the daemon had asked, which may stand still.
  const held = new LeaseHere(token, term, () => process.emit('SIGTERM', 'SIGTERM'));
  leases.attach(actor, held);
  return held;
}
