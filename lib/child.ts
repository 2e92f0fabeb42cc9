/**
 * The boot of an actor in a process of its own: it serves over the channel that it has inherited from its parent.
 * Floor 8: the entry that `nursery/backends/birth` starts. `process.argv` carries the parent's pid, who the actor is, its folder,
 * and the arguments of the program. A standby, which has no id, learns later who it is, and what its arguments are.
 */
import {Socket} from 'node:net';
import {plainClock} from './base/clock.js';
import {ContextCancelled} from './base/errors.js';
import {attempt} from './base/foreign.js';
import {libraryFile} from './base/library.js';
import {bootSpawned} from './boot-spawned.js';
import {rxjs} from './context/rx/rxjs.js';
import {maxFrameBytes} from './msg/frame.js';
import {type Assignment, awaitAssignment} from './nursery/backends/assignment.js';
import {endWithParent} from './nursery/backends/watch-parent.js';
import {SocketTransport} from './transport/socket.js';

/** The file descriptor of the channel, inherited from the parent. */
const channelFd = 3;

const [parentPid = '', treeId = '', givenId = '', givenName = '', folder = '', ...givenArgv] = process.argv.splice(2);
// The parent died before it could be watched.
if (process.ppid !== Number(parentPid)) process.exit(0);
// Ctrl-C, the end of a terminal and the SIGUSR2 of nodemon go to many processes. The root decides what they mean. SIGUSR1 would
// open an inspector, through which every user of the host could run code.
for (const signal of ['SIGINT', 'SIGHUP', 'SIGUSR2', 'SIGUSR1']) process.on(signal, () => {});
// It was started where the root was, so that Node finds what its arguments name.
if (folder !== '' && folder !== process.cwd()) process.chdir(folder);

const socket = new Socket({fd: channelFd, readable: true, writable: true});
// A standby has no id yet. The module does not wait for it with `await`, because the bundler joins no module that does.
if (givenId === '') void standBy().then(begin);
else begin({id: givenId, name: givenName, argv: givenArgv});

function begin({id, name, argv}: Assignment): void {
  process.argv.push(...argv);

  const {actor, shutDown, leave} = bootSpawned(
    {name, id, treeId},
    new SocketTransport(socket, {maxFrameBytes, fd: channelFd}),
    {
      prepare: ({watchParent}) => endWithParent(Number(parentPid), !watchParent),
      // `process.exit` drops what a full pipe has not taken yet.
      written: async outputSent => {
        await plainClock.turn();
        const printed = [process.stdout, process.stderr].map(writtenTo);
        await plainClock.within(Promise.all([outputSent(), ...printed]), actor.tree.timeouts.flush);
      },
    },
  );

  process.on('SIGTERM', () => {
    const why = new ContextCancelled(`actor ${name} got SIGTERM`, {
      canceller: actor.id,
      reason: 'shutdown',
      cause: 'SIGTERM',
    });
    // No parent enforces this end: a task that ignores its signal must not hold up the exit.
    actor.scope.clock.deadline(actor.scope.teardownBudget, () => void leave(143));
    void shutDown(why, actor.scope.teardownBudget, 143);
  });
}

/** Loads what actors need: also RxJS, which most modules of users import, and which takes longer than all the rest of a start. */
async function standBy(): Promise<Assignment> {
  attempt(rxjs);
  await import((libraryFile('index.js') as URL).href);
  return awaitAssignment(socket);
}

function writtenTo(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise(resolve => {
    if (stream.writableLength === 0) resolve();
    else stream.write('', () => resolve());
  });
}
