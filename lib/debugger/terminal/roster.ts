/**
 * The roster of a tree: its actors, which of them has the terminal, and which wait for it. The command `actors` prints
 * it.
 * Floor 7: data and text only. `lock/publish-roster` makes it, `prompt/conversation` prints it.
 */
import {escapeLine} from '../../base/escape.js';

export interface Roster {
  /** Each actor stands before those below it. */
  readonly actors: readonly RosterRow[];
  /** The actor that has the terminal. */
  readonly holder: RosterClaim | undefined;
  /** In the order of their turns. */
  readonly waiting: readonly RosterClaim[];
}

export interface RosterRow {
  readonly id: string;
  readonly name: string;
  readonly pid: number;
  /** Number of levels below the root. */
  readonly depth: number;
}

/** An actor that has the terminal or waits for it. */
export interface RosterClaim {
  /** The id of the actor. */
  readonly id: string;
  /** The task for which it has or wants the terminal. */
  readonly what: string;
}

/** Maximum number of lines, and maximum length of a text in characters, because a person reads them. */
const maxRows = 500;
const maxText = 200;

/**
 * One line for each actor. `>` stands before the actor that has the terminal; those that wait have the number of their
 * turn.
 */
export function drawRoster({actors, holder, waiting}: Roster): string[] {
  const lines = actors.slice(0, maxRows).map((row, at) => {
    const mark = row.id === holder?.id ? '>' : ' ';
    const shared = row.depth > 0 && parentOf(actors, at)?.pid === row.pid;
    const turns = waiting.flatMap(({id, what}, turn) => (id === row.id ? [`waits, ${turn + 1}: ${shown(what)}`] : []));
    const has = row.id === holder?.id ? [`has the terminal: ${shown(holder.what)}`] : [];
    const notes = [...has, ...turns].map(note => `  ${note}`).join(';');
    return `${mark} ${'  '.repeat(row.depth)}${shown(row.name)}${shared ? ' (same ' : ' ('}pid ${row.pid})${notes}`;
  });
  const left = actors.length - lines.length;
  if (left > 0) lines.push(`… and ${left} more`);
  const holding = actors.find(({id}) => id === holder?.id);
  if (holding?.pid === actors[0]?.pid) lines.push('the root stands still: what has happened since is not known to it');
  return lines;
}

/** The parent of an actor: the nearest row above it that has a smaller depth. */
function parentOf(actors: readonly RosterRow[], at: number): RosterRow | undefined {
  const depth = actors[at]?.depth ?? 0;
  return actors.slice(0, at).findLast(row => row.depth < depth);
}

/** Escapes a text, because names and tasks come from users and from other processes. */
function shown(text: string): string {
  const cut = text.length > maxText ? `${text.slice(0, maxText)}…` : text;
  return escapeLine(cut);
}
