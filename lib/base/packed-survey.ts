/**
 * A survey on its way up: the rows of each process are one text, which the processes above pass on unread.
 * Floor 0: above `tree-survey`. `actor/survey` packs what an actor tells, and unpacks what an observer has asked for.
 *
 * An observer asks once a second. That is too seldom for the compiler, so that every field which is written or read one by one
 * costs as much as in the first second of a program. JSON is written and read by the platform.
 */
import {attempt} from './foreign.js';
import {readSurvey, type SurveyRow, surveyBounds} from './tree-survey.js';

/** Rows of one process that stand one after the other. */
export interface PackedRows {
  /** How many levels they are below the actor that was asked. */
  readonly depth: number;
  /** How many rows there are, for those who pass them on. */
  readonly rows: number;
  /** How many contexts are in them. */
  readonly contexts: number;
  /** The rows in JSON. */
  readonly text: string;
}

/** A part of a survey: a row of this process, or rows that another one has told. */
export type SurveyPart = SurveyRow | PackedRows;

/** The same while it is made: other processes have not told yet, and who has ended is read after they have. */
export type SurveyPiece = SurveyRow | Promise<readonly SurveyPart[]> | (() => readonly SurveyRow[]);

/** The parts as they travel: neighbouring rows are one text. The result keeps within the bounds of a survey. */
export function packSurvey(parts: readonly SurveyPart[]): PackedRows[] {
  const packed: PackedRows[] = [];
  let neighbours: SurveyRow[] = [];
  const close = (): void => {
    if (neighbours.length > 0) packed.push(packedRows(neighbours));
    neighbours = [];
  };
  for (const part of isTooMuch(parts) ? rowsOf(parts) : parts) {
    if (!isPacked(part)) {
      neighbours.push(part);
      continue;
    }
    close();
    packed.push(part);
  }
  close();
  return packed;
}

/**
 * Reads the packed rows that another actor has told, and leaves out what makes no sense.
 *
 * @param below how many levels that actor is below the one which was asked
 */
export function readPacked(told: unknown, below = 0): PackedRows[] {
  if (!Array.isArray(told)) return [];
  const packed = told.slice(0, surveyBounds.rows).filter(isPackedRows);
  return packed.map(({depth, rows, contexts, text}) => ({depth: depth + below, rows, contexts, text}));
}

/** All rows in their order. Rows that make no sense, and what is too much, are left out. */
export function rowsOf(parts: readonly SurveyPart[]): SurveyRow[] {
  let left = surveyBounds.allContexts;
  const rows = parts.flatMap(part => (isPacked(part) ? unpack(part) : [part])).slice(0, surveyBounds.rows);
  return rows.map(row => {
    const contexts = row.contexts.slice(0, left);
    left -= contexts.length;
    return {...row, contexts, more: row.more + row.contexts.length - contexts.length};
  });
}

const isPacked = (part: SurveyPart): part is PackedRows => 'text' in part;

function isTooMuch(parts: readonly SurveyPart[]): boolean {
  let [rows, contexts] = [0, 0];
  for (const part of parts) {
    rows += isPacked(part) ? part.rows : 1;
    contexts += isPacked(part) ? part.contexts : part.contexts.length;
  }
  return rows > surveyBounds.rows || contexts > surveyBounds.allContexts;
}

function packedRows(rows: readonly SurveyRow[]): PackedRows {
  const contexts = rows.reduce((sum, row) => sum + row.contexts.length, 0);
  return {depth: 0, rows: rows.length, contexts, text: JSON.stringify(rows)};
}

function unpack({depth, text}: PackedRows): SurveyRow[] {
  const rows = readSurvey(attempt(() => JSON.parse(text)));
  return rows.map(row => ({...row, depth: row.depth + depth}));
}

function isPackedRows(told: Partial<PackedRows> | null): told is PackedRows {
  const {depth, rows, contexts, text} = told ?? {};
  return [depth, rows, contexts].every(Number.isInteger) && typeof text === 'string';
}
