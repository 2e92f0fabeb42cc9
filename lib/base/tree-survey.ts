/**
 * A survey of a tree of actors: who is there, and what each waits for.
 * Floor 0: the shape in which it is handed up, and its picture; `actor/survey` makes it.
 */
import {escapeText} from './escape.js';

/** One actor. A tree is the list of them, each before those below it: nested, a deep tree would not fit a message. */
export interface SurveyRow {
  /** Levels below the actor that was asked. */
  readonly depth: number;
  readonly actor: string;
  /** Why it says nothing of itself, where it does not. */
  readonly state: string;
  /** One line for each open context. */
  readonly waits: readonly string[];
  /** How many there are besides. */
  readonly more: number;
}

/** What a survey holds at most: it is for a person, and comes from processes that may hold very much. */
export const surveyBounds = {rows: 1_100, waits: 50, text: 400};

/** What another actor has told; what makes no sense is left out. */
export function readSurvey(told: unknown): SurveyRow[] {
  if (!Array.isArray(told)) return [];
  return told.slice(0, surveyBounds.rows).flatMap((row: Partial<Record<keyof SurveyRow, unknown>> | null) => {
    const {depth, actor, state, waits, more} = row ?? {};
    if (!Number.isInteger(depth) || typeof actor !== 'string' || !Array.isArray(waits)) return [];
    const lines = waits.slice(0, surveyBounds.waits).map(String);
    return [{depth: depth as number, actor, state: String(state), waits: lines, more: Number(more)}];
  });
}

/** The tree with lines, each actor with its contexts. Names come from users, and from elsewhere. */
export function drawSurvey(rows: readonly SurveyRow[]): string {
  /** Whether a level has more to come, from the top down. */
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
