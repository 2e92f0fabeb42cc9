/**
 * A survey of a tree of actors: which actors there are, and what each one waits for.
 * Floor 0: the shape in which actors hand it up, and its picture. `actor/survey` makes it.
 */
import {escapeText} from './escape.js';

/** One actor. A tree is a list of rows, each before the rows below it: a deep tree that is nested would not fit a message. */
export interface SurveyRow {
  /** How many levels the actor is below the one that was asked. */
  readonly depth: number;
  readonly actor: string;
  /** The reason why the actor tells nothing about itself. Empty when it tells. */
  readonly state: string;
  /** One line for each open context. */
  readonly waits: readonly string[];
  /** How many contexts are open besides those in `waits`. */
  readonly more: number;
}

/**
 * Maximum sizes of a survey, because a person reads it, and it comes from processes that may hold very much. `waits` is for each
 * actor, `text` is in characters.
 */
export const surveyBounds = {rows: 1_100, waits: 50, text: 400};

/** The rows that another actor has told. Rows that make no sense are left out. */
export function readSurvey(told: unknown): SurveyRow[] {
  if (!Array.isArray(told)) return [];
  return told.slice(0, surveyBounds.rows).flatMap((row: Partial<Record<keyof SurveyRow, unknown>> | null) => {
    const {depth, actor, state, waits, more} = row ?? {};
    if (!Number.isInteger(depth) || typeof actor !== 'string' || !Array.isArray(waits)) return [];
    const lines = waits.slice(0, surveyBounds.waits).map(String);
    return [{depth: depth as number, actor, state: String(state), waits: lines, more: Number(more)}];
  });
}

/** The picture of the tree, each actor with its contexts. Names are escaped, because they come from users and other processes. */
export function drawSurvey(rows: readonly SurveyRow[]): string {
  /** For each level, from the top down: whether more rows of it follow. */
  const goesOn: boolean[] = [];
  const lines: string[] = [];
  for (const [at, row] of rows.entries()) {
    goesOn.length = Math.max(0, row.depth - 1);
    const indent = goesOn.map(more => (more ? '│  ' : '   ')).join('');
    const isLast = !hasSibling(rows, at);
    if (row.depth > 0) goesOn.push(!isLast);
    const state = row.state === '' ? '' : `: ${row.state}`;
    lines.push(`${indent}${row.depth === 0 ? '' : isLast ? '└─ ' : '├─ '}${shown(row.actor)}${shown(state)}`);
    const hasChild = (rows[at + 1]?.depth ?? 0) > row.depth;
    const below = goesOn.map(more => (more ? '│  ' : '   ')).join('') + (hasChild ? '│  ' : '   ');
    for (const wait of row.waits) lines.push(`${below}· ${shown(wait)}`);
    if (row.more > 0) lines.push(`${below}· … and ${row.more} more`);
  }
  return lines.join('\n');
}

function hasSibling(rows: readonly SurveyRow[], at: number): boolean {
  const {depth} = rows[at] as SurveyRow;
  const next = rows.slice(at + 1).find(row => row.depth <= depth);
  return next?.depth === depth;
}

function shown(text: string): string {
  return escapeText(text.slice(0, surveyBounds.text)).replaceAll('\n', '\\n');
}
