/**
 * The terminals of the roots of this process, each opened for the first that stops: a tree in which nobody does costs none.
 * Floor 7: above `terminal`; `front` asks for it, `attach` closes it.
 */
import {closeSync, openSync} from 'node:fs';
import {log} from '../../base/log.js';
import {processWide} from '../../base/process-wide.js';
import type {Roster} from './roster.js';
import {openTerminal, type Terminal} from './terminal.js';

/** By the path at which it listens. */
const terminals = processWide('debugger-terminals', () => new Map<string, Promise<Terminal>>());

/** Resolves when actors can connect to it; false where there is no terminal. Never rejects. */
export async function prepareTerminal(path: string): Promise<boolean> {
  if (!isThere()) return false;
  let opening = terminals.get(path);
  if (!opening) {
    opening = openTerminal({path});
    terminals.set(path, opening);
  }
  try {
    await opening;
    return true;
  } catch (error) {
    log('warn', `no prompt can be given: the terminal's socket ${path} cannot be opened`, {error});
    terminals.delete(path);
    return false;
  }
}

/** The person has gone away. */
export function hangUpTerminal(path: string): void {
  void terminals.get(path)?.then(
    terminal => terminal.hangUp(),
    () => {},
  );
}

/** What the person types is drawn again, below what was printed over it. */
export function redrawPrompt(path: string): void {
  void terminals.get(path)?.then(
    terminal => terminal.redraw(),
    () => {},
  );
}

/** Who is there, for whoever asks at a prompt. Nobody asks at a terminal that is not open. */
export function tellTerminal(path: string, roster: Roster): void {
  terminals.get(path)?.then(
    terminal => terminal.tell(roster),
    () => {},
  );
}

/** It is as it was before then. */
export async function closeTerminal(path: string): Promise<void> {
  const opening = terminals.get(path);
  terminals.delete(path);
  await (await opening?.catch(() => undefined))?.close();
}

/** There is none in a container, under CI, or behind setsid: ENXIO. */
function isThere(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r+'));
    return true;
  } catch {
    return false;
  }
}
