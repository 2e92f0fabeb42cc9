/**
 * Who is in the tree, who has its terminal and who waits for it: as the root tells its terminal, and as a prompt shows it.
 * Floor 7: data and text only; `root-roster` fills it in, `conversation` prints it.
 */
import {escapeText} from '../../base/escape.js';

export interface Roster {
  /** Each before those below it. */
  readonly actors: readonly RosterRow[];
  /** The id of the actor that has the terminal, and what for. */
  readonly holder: RosterPlace | undefined;
  /** In the order of their turns. */
  readonly waiting: readonly RosterPlace[];
}

export interface RosterRow {
  readonly id: string;
  readonly name: string;
  readonly pid: number;
  /** Levels below the root. */
  readonly depth: number;
}

export interface RosterPlace {
  readonly id: string;
  readonly what: string;
}

/** More than fit a screen are many times over: whoever looks is a person. */
const maxRows = 500;
const maxText = 200;

/** One line for each actor, `>` before the one that has the terminal; behind those that wait, their turns. */
export function drawRoster({actors, holder, waiting}: Roster): string[] {
  const lines = actors.slice(0, maxRows).map((row, at) => {
    const mark = row.id === holder?.id ? '>' : ' ';
    const place = (near: string): string => ` (${near}pid ${row.pid})`;
    const shared = row.depth > 0 && parentOf(actors, at)?.pid === row.pid;
    const turns = waiting.flatMap(({id, what}, turn) => (id === row.id ? [`waits, ${turn + 1}: ${shown(what)}`] : []));
    const has = row.id === holder?.id ? [`has the terminal: ${shown(holder.what)}`] : [];
    const notes = [...has, ...turns].map(note => `  ${note}`).join(';');
    return `${mark} ${'  '.repeat(row.depth)}${shown(row.name)}${place(shared ? 'same ' : '')}${notes}`;
  });
  const left = actors.length - lines.length;
  if (left > 0) lines.push(`… and ${left} more`);
  const holding = actors.find(({id}) => id === holder?.id);
  if (holding?.pid === actors[0]?.pid) lines.push('the root stands still: what has happened since is not known to it');
  return lines;
}

/** The nearest one before it that stands higher. */
function parentOf(actors: readonly RosterRow[], at: number): RosterRow | undefined {
  const depth = actors[at]?.depth ?? 0;
  return actors.slice(0, at).findLast(row => row.depth < depth);
}

/** Names and tasks come from users, and from elsewhere. */
function shown(text: string): string {
  const cut = text.length > maxText ? `${text.slice(0, maxText)}…` : text;
  return escapeText(cut).replaceAll('\n', '\\n').replaceAll('\t', '\\t');
}
