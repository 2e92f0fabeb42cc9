/**
 * Hangs the debugger into the actors of this process, and takes it out again.
 * Floor 7: loaded by the boots, in debug mode only.
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
import {captureHere, startCapture, stopCapture} from './frames/capture.js';
import {openLock} from './lock/root-lock.js';
import {keepRoster} from './lock/root-roster.js';
import {closeDisplay, Outlet, type Output, openDisplay} from './output/output.js';
import {isOfPrompt, Session} from './session.js';
import {closeTerminal, hangUpTerminal} from './terminal/root-terminal.js';

/** By the id of the actor. */
const sessions = processWide('debugger-sessions', () => new Map<string, Session>());
/** Where the output of an actor's children goes, by the id of the actor. */
const outputs = processWide('debugger-outputs', () => new Map<string, Output>());
/** How to stop them, by the id of the root. */
const rosters = processWide('debugger-rosters', () => new Map<string, () => void>());

/** Puts a tree into debug mode, before its first actor is started. */
export async function attachRoot(root: Actor): Promise<void> {
  // As its children are started.
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
  begin(root, new Session(root, debug, lock));
  rosters.set(root.id.id, keepRoster(root, lock, debug.terminal));
  await warmUp();
  hang();
}

/** The session of an actor; made when there is none. */
export function attach(actor: Actor): Session {
  const known = sessions.get(actor.id.id);
  if (known) return known;
  const session = new Session(actor, actor.tree.debug as DebugMode);
  begin(actor, session);
  outputs.set(actor.id.id, new Outlet(() => session.toRoot(), actor.tree.debug?.stdio));
  hang();
  void warmUp();
  return session;
}

/** From now on the limits that this actor sets for others stand still while somebody in its tree is at a prompt. */
function begin(actor: Actor, session: Session): void {
  sessions.set(actor.id.id, session);
  actor.scope.ownClock = plainClock.gatedBy({
    isClosed: () => session.lock?.taken === true,
    opened: () => session.gate(),
  });
}

/** What the way to the terminal needs is loaded now: a clean-up that stops may have no time to wait for it. */
async function warmUp(): Promise<void> {
  rxjs();
  await import('../context/rx/run.js');
}

/** At the end of a root: its terminal is as it was before. */
export async function detachRoot(root: Actor): Promise<void> {
  detach(root);
  rosters.get(root.id.id)?.();
  rosters.delete(root.id.id);
  if (root.tree.debug) await closeTerminal(root.tree.debug.terminal);
  closeDisplay(root);
}

export function detach(actor: Actor): void {
  sessions.delete(actor.id.id);
  actor.scope.ownClock = undefined;
  outputs.delete(actor.id.id);
  if (sessions.size > 0) return;
  stopCapture();
  emptyHooks();
}

function hang(): void {
  startCapture();
  fillHooks({
    captureHere,
    isOfPrompt,
    crashed: (id, scope, error) => sessions.get(id)?.crashed(scope, error),
    output: (reader, writer, lines) => {
      const output = outputs.get(reader);
      output?.write(writer, lines);
      return output !== undefined;
    },
    outputSent: () => Promise.all([...outputs.values()].map(output => output.sent?.())),
    hungUp: id => {
      const {debug} = sessions.get(id)?.actor.tree ?? {};
      if (debug) hangUpTerminal(debug.terminal);
    },
    actorOpened: runtime => {
      attach(runtime as Actor);
      return () => detach(runtime as Actor);
    },
  });
}
