/**
 * A survey of a tree of actors: which actors there are, which contexts are open in each, and for what each of them waits.
 * Floor 0: its shape and its picture. `actor/survey` makes it, `packed-survey` lets it travel, and `window` makes views of it.
 */
import {type ActorId, formatActor} from './actor-id.js';
import type {Exit} from './errors.js';
import {escapeLine} from './escape.js';

/** For what one end of a context waits, as that end knows it. */
export type WaitKind = 'started' | 'result' | 'credit' | 'values' | 'acknowledgement';

/** One end of an open context. Data and counters; the text is drawn from it. */
export interface ContextRow {
  /** The same at both ends. */
  readonly uid: string;
  readonly fn: string;
  readonly kind: 'task' | 'stream' | 'operator' | 'context';
  readonly side: 'caller' | 'callee';
  readonly peer: ActorId | undefined;
  /** Caller: the task that made the call. Absent: the body of the actor. */
  readonly task?: string | undefined;
  /** Contexts only: whether `started` has come. */
  readonly started?: boolean | undefined;
  /** Whether the function was told to end, as far as this end knows. */
  readonly cancelled: boolean;
  /** Whether something waits here for room. */
  readonly blocked: boolean;
  /** Whether values lie here that nobody takes. */
  readonly full: boolean;
  /** Whether somebody here takes values. */
  readonly reading: boolean;
  readonly waits?: WaitKind | undefined;
  readonly sent: number;
  readonly received: number;
  readonly dropped: number;
  readonly queuedBytes: number;
  /** How many values the other end has granted in all. */
  readonly granted: number;
  /** For how long in all something has waited here for room, in ms. */
  readonly stalledMs: number;
}

/**
 * A wait that is not for the other end of a context. `terminal`: for the task at the prompt. `spawn`: for an actor that is being
 * started, or for its turn to be. `child`: for the end of an actor.
 */
export interface WaitRow {
  readonly for: 'terminal' | 'spawn' | 'child';
  /** The task that waits: the `uid` of its context, or the id of an actor. */
  readonly by: string;
  /** The task, or the actor, that is waited for. */
  readonly of: string;
}

/** Why an actor tells nothing about itself. `silent`: it has not answered in time. Empty when it tells. */
export type RowState = '' | 'queued' | 'exec' | 'connect' | 'import' | 'silent' | 'restarting' | 'ending' | 'ended';

/** An actor that has died and is started again, in its pause. */
export interface RestartRow {
  /** How long ago it died, in ms. */
  readonly since: number;
  /** The rest of the pause, in ms. */
  readonly left: number;
  /** How many of its deaths count, the last one included. */
  readonly attempt: number;
}

/** One actor. A tree is a list of rows, each before the rows below it: a deep tree that is nested would not fit a message. */
export interface SurveyRow {
  /** How many levels the actor is below the one that was asked. */
  readonly depth: number;
  /** Its pid is 0 before its process has said who it is. */
  readonly actor: ActorId;
  readonly state: RowState;
  /** Whether somebody in the tree is at a prompt, as far as this actor knows. */
  readonly prompted?: boolean | undefined;
  /** When it began, in ms since 1970; 0 when that is not known. */
  readonly since: number;
  /** `ended`: how. */
  readonly exit?: Exit | undefined;
  /** `ended`: another row is that of its next incarnation, which runs or waits for its start. */
  readonly isReplaced?: boolean | undefined;
  /** Whether it runs on another host than the root, so that its pid is not one of the root's host. */
  readonly isElsewhere?: boolean | undefined;
  readonly restart?: RestartRow | undefined;
  readonly contexts: readonly ContextRow[];
  /** How many contexts are open besides those in `contexts`. */
  readonly more: number;
  /** Absent: none. */
  readonly waits?: readonly WaitRow[] | undefined;
}

/**
 * Maximum sizes of a survey, because a person reads it, and it comes from processes that may hold very much. `contexts` and `waits` are
 * for each actor, `allContexts` for all together, `text` is in characters.
 */
export const surveyBounds = {rows: 1_100, contexts: 50, allContexts: 5_000, waits: 100, text: 400};

/** The rows that another actor has told. Rows that make no sense are left out. */
export function readSurvey(told: unknown): SurveyRow[] {
  if (!Array.isArray(told)) return [];
  return told.slice(0, surveyBounds.rows).filter(isRow).map(readRow);
}

function isRow(row: Partial<SurveyRow> | null): row is SurveyRow {
  const {depth, actor, contexts} = row ?? {};
  return Number.isInteger(depth) && typeof actor?.name === 'string' && Array.isArray(contexts);
}

function readRow(row: SurveyRow): SurveyRow {
  const {depth, actor, state, prompted, since, exit, isReplaced, isElsewhere, restart, contexts, more, waits} = row;
  const {name, id, pid, host} = actor;
  return {
    depth,
    actor: {name, id: String(id), pid: Number(pid), host: String(host)},
    state: String(state) as RowState,
    prompted: prompted === true,
    since: Number(since),
    ...(exit && {exit: {code: exit.code, signal: exit.signal}}),
    ...(isReplaced === true && {isReplaced}),
    ...(isElsewhere === true && {isElsewhere}),
    ...(restart && {
      restart: {
        since: Number(restart.since),
        // A pause without end: JSON has no Infinity.
        left: Number(restart.left ?? Number.POSITIVE_INFINITY),
        attempt: Number(restart.attempt),
      },
    }),
    contexts: contexts.filter(isContext).slice(0, surveyBounds.contexts),
    more: Number(more),
    ...(Array.isArray(waits) && {waits: waits.slice(0, surveyBounds.waits).filter(isWait)}),
  };
}

const isWait = (row: Partial<WaitRow> | null): row is WaitRow =>
  [row?.for, row?.by, row?.of].every(each => typeof each === 'string');

function isContext(row: Partial<ContextRow> | null): row is ContextRow {
  return typeof row?.uid === 'string' && typeof row.fn === 'string';
}

/**
 * The picture of the tree, each actor with its contexts. Names are escaped, because they come from users and other processes. An
 * actor that was started again is there once, although observers are told of its death for a while.
 */
export function drawSurvey(all: readonly SurveyRow[]): string {
  const rows = all.filter(({isReplaced}) => !isReplaced);
  /** For each level, from the top down: whether more rows of it follow. */
  const goesOn: boolean[] = [];
  const lines: string[] = [];
  for (const [at, row] of rows.entries()) {
    goesOn.length = Math.max(0, row.depth - 1);
    const indent = goesOn.map(more => (more ? '│  ' : '   ')).join('');
    const isLast = !hasSibling(rows, at);
    if (row.depth > 0) goesOn.push(!isLast);
    const state = row.restart ? restartText(row.restart) : (stateTexts[row.state] ?? row.state);
    const who = row.actor.pid === 0 ? row.actor.name : formatActor(row.actor);
    const where = row.isElsewhere && row.actor.host !== '' ? ` on ${row.actor.host}` : '';
    const text = `${shown(who + where)}${state === '' ? '' : shown(`: ${state}`)}`;
    lines.push(`${indent}${row.depth === 0 ? '' : isLast ? '└─ ' : '├─ '}${text}`);
    const hasChild = (rows[at + 1]?.depth ?? 0) > row.depth;
    const below = goesOn.map(more => (more ? '│  ' : '   ')).join('') + (hasChild ? '│  ' : '   ');
    for (const context of row.contexts) lines.push(`${below}· ${shown(describeContext(context))}`);
    if (row.more > 0) lines.push(`${below}· … and ${row.more} more`);
  }
  return lines.join('\n');
}

const stateTexts: Readonly<Record<string, string>> = {
  queued: 'waits for its turn to be started',
  exec: 'is being started (exec)',
  connect: 'is being started (connect)',
  import: 'is being started (import)',
  silent: 'does not answer within 500 ms',
  ending: 'has ended',
  ended: 'has ended',
};

function restartText({since, left, attempt}: RestartRow): string {
  const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
  return `died ${seconds(since)} ago (death ${attempt}), waits to be started again in ${seconds(left)}`;
}

/** `calls count in worker (pid 12): started, waits for values`. */
export function describeContext(row: ContextRow): string {
  const peer = row.peer ? formatActor(row.peer) : 'a new actor';
  const doing = row.side === 'caller' ? `calls ${row.fn} in ${peer}` : `runs ${row.fn} for ${peer}`;
  return `${doing}: ${stateOf(row).join(', ')}`;
}

/** For what a context waits, in words. */
export function stateOf(row: ContextRow): string[] {
  const {side, started, blocked, full, reading, cancelled, sent} = row;
  const state: string[] = [];
  if (started !== undefined) state.push(started ? 'started' : 'not started yet');
  if (blocked) state.push(sent === 0 ? 'waits until its peer opens the stream' : `window full after ${sent} values`);
  if (full) state.push('values lie here that nobody takes');
  else if (reading) state.push('waits for values');
  if (cancelled)
    state.push(side === 'caller' ? 'cancelled, waits for the acknowledgement' : 'cancelled, has not ended yet');
  else state.push(side === 'caller' ? 'result pending' : 'has not returned');
  return state;
}

function hasSibling(rows: readonly SurveyRow[], at: number): boolean {
  const {depth} = rows[at] as SurveyRow;
  const next = rows.slice(at + 1).find(row => row.depth <= depth);
  return next?.depth === depth;
}

function shown(text: string): string {
  return escapeLine(text.slice(0, surveyBounds.text));
}
