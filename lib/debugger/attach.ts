/**
 * Hangs the debugger into the actors of this process, and takes it out again.
 * Floor 7: loaded by the boots, in debug mode only.
 */
import type {Actor, DebugMode} from '../actor/actor.js';
import {hooks} from '../base/hooks.js';
import {processWide} from '../base/shared.js';
import {rxjs} from '../context/rxjs.js';
import {newSocketPath, rootAddresses} from '../discovery/root-portal.js';
import {captureHere, startCapture, stopCapture} from './capture.js';
import {openLock} from './root-lock.js';
import {closeTerminal} from './root-terminal.js';
import {Session} from './session.js';

/** By the id of the actor. */
const sessions = processWide('debugger-sessions', () => new Map<string, Session>());

/** Puts a tree into debug mode, before its first actor is started. */
export async function attachRoot(root: Actor): Promise<void> {
  const debug: DebugMode = {
    on: true,
    root: root.id.id,
    addresses: await rootAddresses(root),
    terminal: await newSocketPath(root),
  };
  root.tree = {...root.tree, debug};
  sessions.set(root.id.id, new Session(root, debug, openLock(root)));
  await warmUp();
  hang();
}

/** The session of an actor; made when there is none. */
export function attach(actor: Actor): Session {
  const known = sessions.get(actor.id.id);
  if (known) return known;
  const session = new Session(actor, actor.tree.debug as DebugMode);
  sessions.set(actor.id.id, session);
  hang();
  void warmUp();
  return session;
}

/** What the way to the terminal needs is loaded now: a clean-up that stops may have no time to wait for it. */
async function warmUp(): Promise<void> {
  rxjs();
  await import('../context/stage.js');
}

/** At the end of a root: its terminal is as it was before. */
export async function detachRoot(root: Actor): Promise<void> {
  detach(root);
  if (root.tree.debug) await closeTerminal(root.tree.debug.terminal);
}

export function detach(actor: Actor): void {
  sessions.delete(actor.id.id);
  if (sessions.size > 0) return;
  stopCapture();
  hooks.teardownGate = undefined;
  hooks.terminalBusy = undefined;
  hooks.actorOpened = undefined;
  hooks.captureHere = undefined;
  hooks.crashed = undefined;
}

function hang(): void {
  startCapture();
  hooks.captureHere = captureHere;
  hooks.teardownGate = id => sessions.get(id)?.gate();
  hooks.terminalBusy = id => sessions.get(id)?.lock?.busy === true;
  hooks.crashed = (id, scope, error) => sessions.get(id)?.crashed(scope, error);
  hooks.actorOpened = runtime => {
    attach(runtime as Actor);
    return () => detach(runtime as Actor);
  };
}
