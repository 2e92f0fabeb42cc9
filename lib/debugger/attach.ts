/**
 * Attaches the debugger to the actors of this process, and detaches it.
 * Floor 7: above all rooms of the debugger. The boots load it in debug mode only.
 */
import {setFlagsFromString} from 'node:v8';
import type {Actor} from '../actor/actor.js';
import type {DebugMode} from '../actor/tree-options.js';
import {plainClock} from '../base/clock.js';
import {current} from '../base/current.js';
import {emptyHooks, fillHooks} from '../base/hooks.js';
import {processWide} from '../base/process-wide.js';
import {rxjs} from '../context/rx/rxjs.js';
import {newSocketPath, rootAddresses} from '../discovery/root-portal.js';
import {visibleValues} from '../nursery/backends/spawner.js';
import {ActorDebugger, isOfPrompt} from './actor-debugger.js';
import {captureHere, onStatementSeen, onStop, startCapture, stopCapture} from './frames/capture.js';
import type {CapturedFrame} from './frames/captured-frame.js';
import {publishRoster} from './lock/publish-roster.js';
import {openLock} from './lock/root-lock.js';
import type {TtyLock} from './lock/tty-lock.js';
import {OutputRelay, type OutputSink} from './output/output-relay.js';
import {closeDisplay, openDisplay} from './output/root-display.js';
import {userInterface} from './prompt/user-interface.js';
import {closeTerminal, hangUpTerminal, letClaim} from './terminal/root-terminal.js';

/** The parts of the debugger that one actor has. */
interface Attachment {
  readonly debugger: ActorDebugger;
  /** Takes the output of the actor's children. Undefined: it goes the same way as the output of the actor itself. */
  readonly output: OutputSink | undefined;
  /** At a root. */
  readonly stopRoster?: () => void;
}

/** The locks of the roots of this process, by the id of the root. */
const locks = processWide('debugger/locks', () => new Map<string, TtyLock>());

/** The attachments of the actors of this process, by the id of the actor. */
const attachments = processWide('debugger/attachments', () => new Map<string, Attachment>());

/** Puts a tree into debug mode. @param on whether the root itself stops at breakpoints */
export async function attachRoot(root: Actor, on = true): Promise<void> {
  // The root needs the flags with which its children are started.
  for (const flag of visibleValues) setFlagsFromString(flag);
  const debug: DebugMode = {
    on,
    root: root.id.id,
    addresses: await rootAddresses(root),
    terminal: await newSocketPath(root),
  };
  root.tree = {...root.tree, debug};
  const display = openDisplay(root, debug.terminal);
  const lock = openLock(root, display);
  letClaim(debug.terminal, claim => lock.take(claim));
  locks.set(root.id.id, lock);
  begin(root, {
    debugger: new ActorDebugger(root, debug, lock),
    output: display,
    stopRoster: publishRoster(root, lock, debug.terminal),
  });
  await warmUp();
  // An actor that stands in a statement cannot ask the root to open the terminal, so it is opened before.
  const openings: Promise<boolean>[] = [];
  onStatementSeen(() => openings.push(userInterface.prepareTerminal(debug.terminal)));
  listen();
  // Code that is loaded already may come by its statement at once. It would find no terminal, and not be held there.
  await Promise.all(openings);
}

/**
 * Puts an actor that runs already into debug mode, in which it does not stop itself, because an actor below it is to stop.
 *
 * @param mode that of the tree; undefined at the root
 */
export async function attachLater(actor: Actor, mode: DebugMode | undefined): Promise<void> {
  if (actor.root) return attachRoot(actor, false);
  if (!mode) return;
  actor.tree = {...actor.tree, debug: mode};
  attach(actor);
}

/** The debugger of an actor. It is made when there is none. */
export function attach(actor: Actor): ActorDebugger {
  const known = attachments.get(actor.id.id);
  if (known) return known.debugger;
  const debug = actor.tree.debug as DebugMode;
  const made = new ActorDebugger(actor, debug);
  // Actors below a piped one print to its own output, because the portal of that one gives out the lines of all.
  const output = debug.stdio === 'pipe' ? undefined : new OutputRelay(() => made.terminal.root(), debug.stdio);
  begin(actor, {debugger: made, output});
  listen();
  void warmUp();
  return made;
}

/** From now on the limits that this actor sets for others stand still while somebody in its tree is at a prompt. */
function begin(actor: Actor, attachment: Attachment): void {
  attachments.set(actor.id.id, attachment);
  actor.scope.ownClock = plainClock.gatedBy(attachment.debugger.terminal);
}

/** Loads what a request for the terminal needs: a clean-up that stops may have no time to wait for it. */
async function warmUp(): Promise<void> {
  rxjs();
  await import('../context/rx/run.js');
}

/** Called at the end of a root. It restores the terminal. */
export async function detachRoot(root: Actor): Promise<void> {
  attachments.get(root.id.id)?.stopRoster?.();
  detach(root);
  if (root.tree.debug) await closeTerminal(root.tree.debug.terminal);
  closeDisplay(root);
  locks.delete(root.id.id);
}

export function detach(actor: Actor): void {
  attachments.delete(actor.id.id);
  actor.scope.ownClock = undefined;
  if (attachments.size > 0) return;
  stopCapture();
  emptyHooks();
}

/** The statement belongs to the running actor, or to the one actor of this process where none is known to run. */
function stopInStatement(frames: readonly CapturedFrame[], breakpoint: number | undefined): void {
  const {runtime} = current() ?? {};
  const id = (runtime as Actor | undefined)?.id.id ?? attachments.keys().next().value;
  const own = id === undefined ? undefined : attachments.get(id)?.debugger;
  own?.stopInStatement(frames, breakpoint, locks.get(own.actor.tree.debug?.root ?? ''));
}

/** Captures throws, and answers the hooks of the runtime. */
function listen(): void {
  startCapture();
  onStop(stopInStatement);
  fillHooks({
    captureHere,
    isOfPrompt,
    crashed: (id, scope, error) => attachments.get(id)?.debugger.crashed(scope, error),
    output: (reader, writer, lines) => {
      const output = attachments.get(reader)?.output;
      output?.write(writer, lines);
      return output !== undefined;
    },
    outputSent: () => Promise.all([...attachments.values()].map(({output}) => output?.sent?.())),
    terminalWaits: id => [...(locks.get(id)?.waits ?? []), ...(attachments.get(id)?.debugger.waits ?? [])],
    hungUp: id => {
      const {debug} = attachments.get(id)?.debugger.actor.tree ?? {};
      if (debug) hangUpTerminal(debug.terminal);
    },
    actorOpened: runtime => {
      attach(runtime as Actor);
      return () => detach(runtime as Actor);
    },
  });
}
