/**
 * The terminal of each root of this process. It is opened for the first task that stops, so that a tree in which no
 * task stops does not pay for it.
 * Floor 7: above `terminal`; `prompt/user-interface` opens it, `attach` closes it.
 */
import {closeSync, openSync} from 'node:fs';
import {log} from '../../base/log.js';
import {processWide} from '../../base/process-wide.js';
import type {Roster} from './roster.js';
import {openTerminal, type Terminal} from './terminal.js';
import type {TerminalClaim} from './terminal-socket.js';

/** The terminals, by the path at which they listen. */
const terminals = processWide('debugger/terminals', () => new Map<string, Promise<Terminal>>());

const claimers = processWide('debugger/claimers', () => new Map<string, Claimer>());

type Claimer = (claim: TerminalClaim) => (() => void) | undefined;

/** Says how the lock of a terminal is taken for an actor whose main thread stands in a statement. */
export function letClaim(path: string, claimer: Claimer): void {
  claimers.set(path, claimer);
}

/** Resolves with true when actors can connect to the terminal, with false where there is none. Never rejects. */
export async function prepareTerminal(path: string): Promise<boolean> {
  if (!isThere()) return false;
  let opening = terminals.get(path);
  if (!opening) {
    opening = openTerminal({path, claim: claim => claimers.get(path)?.(claim)});
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

/** The person is gone. */
export function hangUpTerminal(path: string): void {
  void terminals.get(path)?.then(
    terminal => terminal.hangUp(),
    () => {},
  );
}

/** Draws the line that the person types again, below what was printed over it. */
export function redrawPrompt(path: string): void {
  void terminals.get(path)?.then(
    terminal => terminal.redraw(),
    () => {},
  );
}

/**
 * Tells the terminal who is in the tree, for a person who asks at a prompt. A terminal that is not open needs no
 * answer.
 */
export function tellTerminal(path: string, roster: Roster): void {
  terminals.get(path)?.then(
    terminal => terminal.tell(roster),
    () => {},
  );
}

/** Restores the terminal. */
export async function closeTerminal(path: string): Promise<void> {
  const opening = terminals.get(path);
  terminals.delete(path);
  claimers.delete(path);
  await (await opening?.catch(() => undefined))?.close();
}

/** Whether there is a terminal. A container, CI, and a process behind `setsid` have none (ENXIO). */
function isThere(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r+'));
    return true;
  } catch {
    return false;
  }
}
