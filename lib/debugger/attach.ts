/**
 * Attaches the debugger to the actors of this process, and detaches it.
 * Floor 7: above all rooms of the debugger. The boots load it in debug mode only.
 */
import {setFlagsFromString} from 'node:v8';
import type {Actor} from '../actor/actor.js';
import type {DebugMode} from '../actor/tree-options.js';
import {plainClock} from '../base/clock.js';
import {emptyHooks, fillHooks} from '../base/hooks.js';
import {processWide} from '../base/process-wide.js';
import {rxjs} from '../context/rx/rxjs.js';
import {newSocketPath, rootAddresses} from '../discovery/root-portal.js';
import {visibleValues} from '../nursery/backends/spawner.js';
import {ActorDebugger, isOfPrompt} from './actor-debugger.js';
import {captureHere, startCapture, stopCapture} from './frames/capture.js';
import {publishRoster} from './lock/publish-roster.js';
import {openLock} from './lock/root-lock.js';
import {OutputRelay, type OutputSink} from './output/output-relay.js';
import {closeDisplay, openDisplay} from './output/root-display.js';
import {closeTerminal, hangUpTerminal} from './terminal/root-terminal.js';

/** The debuggers of the actors of this process, by the id of the actor. */
const debuggers = processWide('debugger/actors', () => new Map<string, ActorDebugger>());
/** Where the output of an actor's children goes, by the id of the actor. */
const outputs = processWide('debugger/outputs', () => new Map<string, OutputSink>());
/** Stops the roster of a root, by the id of the root. */
const rosters = processWide('debugger/rosters', () => new Map<string, () => void>());

/** Puts a tree into debug mode. Called before the root has started an actor. */
export async function attachRoot(root: Actor): Promise<void> {
  // The root needs the flags with which its children are started.
  for (const flag of visibleValues) setFlagsFromString(flag);
  const debug: DebugMode = {
    on: true,
    root: root.id.id,
    addresses: await rootAddresses(root),
    terminal: await newSocketPath(root),
  };
  root.tree = {...root.tree, debug};
  const display = openDisplay(root, debug.terminal);
  outputs.set(root.id.id, display);
  const lock = openLock(root, display);
  begin(root, new ActorDebugger(root, debug, lock));
  rosters.set(root.id.id, publishRoster(root, lock, debug.terminal));
  await warmUp();
  listen();
}

/** The debugger of an actor. It is made when there is none. */
export function attach(actor: Actor): ActorDebugger {
  const known = debuggers.get(actor.id.id);
  if (known) return known;
  const made = new ActorDebugger(actor, actor.tree.debug as DebugMode);
  begin(actor, made);
  outputs.set(actor.id.id, new OutputRelay(() => made.terminal.root(), actor.tree.debug?.stdio));
  listen();
  void warmUp();
  return made;
}

/** From now on the limits that this actor sets for others stand still while somebody in its tree is at a prompt. */
function begin(actor: Actor, made: ActorDebugger): void {
  debuggers.set(actor.id.id, made);
  actor.scope.ownClock = plainClock.gatedBy(made.terminal);
}

/** Loads what a request for the terminal needs: a clean-up that stops may have no time to wait for it. */
async function warmUp(): Promise<void> {
  rxjs();
  await import('../context/rx/run.js');
}

/** Called at the end of a root. It restores the terminal. */
export async function detachRoot(root: Actor): Promise<void> {
  detach(root);
  rosters.get(root.id.id)?.();
  rosters.delete(root.id.id);
  if (root.tree.debug) await closeTerminal(root.tree.debug.terminal);
  closeDisplay(root);
}

export function detach(actor: Actor): void {
  debuggers.delete(actor.id.id);
  actor.scope.ownClock = undefined;
  outputs.delete(actor.id.id);
  if (debuggers.size > 0) return;
  stopCapture();
  emptyHooks();
}

/** Captures throws, and answers the hooks of the runtime. */
function listen(): void {
  startCapture();
  fillHooks({
    captureHere,
    isOfPrompt,
    crashed: (id, scope, error) => debuggers.get(id)?.crashed(scope, error),
    output: (reader, writer, lines) => {
      const output = outputs.get(reader);
      output?.write(writer, lines);
      return output !== undefined;
    },
    outputSent: () => Promise.all([...outputs.values()].map(output => output.sent?.())),
    hungUp: id => {
      const {debug} = debuggers.get(id)?.actor.tree ?? {};
      if (debug) hangUpTerminal(debug.terminal);
    },
    actorOpened: runtime => {
      attach(runtime as Actor);
      return () => detach(runtime as Actor);
    },
  });
}
