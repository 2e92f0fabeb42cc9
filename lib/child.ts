/**
 * The boot of an actor in a process of its own: it serves over the channel that it has inherited from its parent.
 * Floor 8: the entry that `nursery/backends/birth` starts. `process.argv` carries the parent's pid, who the actor is, its folder,
 * the name of its host, and the arguments of the program. A standby, which has no id, learns later who it is, and what its arguments are.
 */
import {Socket} from 'node:net';
import {attempt} from './base/foreign.js';
import {libraryFile} from './base/library.js';
import {platform} from './base/platform.js';
import {beginProcess, bootProcess} from './boot-process.js';
import {rxjs} from './context/rx/rxjs.js';
import {maxFrameBytes} from './msg/frame.js';
import {type Assignment, awaitAssignment} from './nursery/backends/assignment.js';
import {SocketTransport} from './transport/socket.js';

/** The file descriptor of the channel, inherited from the parent. */
const channelFd = 3;

const [parentPid = '', treeId = '', givenId = '', givenName = '', folder = '', host = '', ...givenArgv] =
  process.argv.splice(2);
beginProcess(Number(parentPid), folder);
// The daemon of another host has given it a name, which is not always that of the system.
platform.host = () => host;

const socket = new Socket({fd: channelFd, readable: true, writable: true});
// A standby has no id yet. The module does not wait for it with `await`, because the bundler joins no module that does.
if (givenId === '') void standBy().then(begin);
else begin({id: givenId, name: givenName, argv: givenArgv});

function begin({id, name, argv}: Assignment): void {
  process.argv.push(...argv);
  const transport = new SocketTransport(socket, {maxFrameBytes, fd: channelFd});
  bootProcess({name, id, treeId}, transport, Number(parentPid));
}

/**
 * Loads what actors need: the package, and RxJS, which most modules of users import, and which takes longer than all the rest of a start.
 * Then it does once, for nothing, what an actor does.
 */
async function standBy(): Promise<Assignment> {
  attempt(rxjs);
  const {rehearse} = await import((libraryFile('rehearsal.js') as URL).href);
  await rehearse();
  return awaitAssignment(socket);
}
