/**
 * The prompt of a crash: what has failed, and where, in the thread in which it failed, while its loop runs.
 * Floor 7: above `conversation`, `captured` and `stack-frames`; `front` opens it.
 */
import {inspect} from 'node:util';
import type {ActorId} from '../../base/actor-id.js';
import {plainClock} from '../../base/clock.js';
import {RemoteActorError} from '../../base/errors.js';
import {escapeText} from '../../base/escape.js';
import {type CapturedFrame, framesOf} from '../frames/capture.js';
import {Captured} from '../frames/captured.js';
import {framesOfStack} from '../frames/stack-frames.js';
import {Conversation, type TalkEnd} from './conversation.js';
import {Prompt} from './prompt.js';

export interface PostMortemOptions {
  /** The path at which the terminal listens. */
  readonly terminal: string;
  readonly actor: ActorId;
  /** Which of its tasks has failed, for people. */
  readonly task: string;
  readonly error: unknown;
  /** Where somebody asked for it, if somebody did: shown when nobody saw the throw. */
  readonly here?: readonly CapturedFrame[] | undefined;
  /** Nothing has failed: this is where a breakpoint was called, in a thread that cannot be stopped. */
  readonly call?: readonly CapturedFrame[] | undefined;
  /** Ends the prompt: whatever it waits for has no terminal any more. */
  readonly signal: AbortSignal;
}

/** What is shown of an error before the first command; `p error` shows the whole. */
const maxHead = 40;
const maxCauses = 8;

/** How it ended, or why there was none. Never rejects: a failure that nobody sees goes on all the same. */
export type PostMortemEnd = TalkEnd | {readonly refused: string};

export function openPostMortem(options: PostMortemOptions): Promise<PostMortemEnd> {
  return new Promise(resolve => {
    const {terminal, actor, task, error, here, call, signal} = options;
    const debuggee = new Captured(call ?? framesOf(error) ?? here ?? framesOfStack(error));
    const prompt = new Prompt(debuggee);
    const refused = (why: string): void => resolve({refused: why});
    const opened = async (): Promise<void> => {
      const unname = call ? () => {} : nameGlobally(error);
      if (!call) conversation.print(headOf(actor, task, error));
      const end = await conversation.talk();
      unname();
      await conversation.close();
      resolve(end);
    };
    const lost = (): void => {
      debuggee.interrupt();
      if (!isOpen) refused('the terminal cannot be reached');
    };
    let isOpen = false;
    const conversation = new Conversation(terminal, actor.name, prompt, {
      opened: columns => {
        isOpen = true;
        debuggee.columns = columns;
        void opened();
      },
      refused,
      // The line before it may have come in the same moment: then it has not begun to wait.
      interrupt: () => void plainClock.soon(() => debuggee.interrupt()),
      calm: () => {},
      lost,
    });
    const stop = (): void => {
      conversation.abandon();
      lost();
    };
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, {once: true});
  });
}

/** Getters of what was thrown may throw. */
function headOf(actor: ActorId, task: string, error: unknown): string[] {
  try {
    return head(actor, task, error);
  } catch {
    return [`crash in ${actor.name}: something that cannot be shown`];
  }
}

/** Who, in which task, and what; then the causes. What this library made is printed as it prints it. */
function head(actor: ActorId, task: string, error: unknown): string[] {
  const suffix = ` in ${actor.name}`;
  const name = task.endsWith(suffix) ? task.slice(0, -suffix.length) : task;
  const where = `crash in ${actor.name}, ${name === `actor ${actor.name}` ? 'uncaught' : name}:`;
  return cut(isError(error) ? told(error, where) : `${where} ${inspected(error)}`.split('\n')).map(escapeText);
}

/** A box around what came from elsewhere, and a tree, say how it came here; the rest is told by name. */
function told(error: Error, where: string): string[] {
  if (error instanceof AggregateError) return [where, ...inspected(error).split('\n')];
  if (!(error instanceof RemoteActorError)) return causesOf(error, where);
  const cause = isError(error.cause) ? error.cause.cause : undefined;
  return [where, ...String(error.stack).split('\n'), ...(cause === undefined ? [] : causesOf(cause, 'caused by'))];
}

function causesOf(error: unknown, first: string): string[] {
  const lines: string[] = [];
  let link: unknown = error;
  for (let depth = 0; depth < maxCauses && (depth === 0 || link !== undefined); depth++) {
    const text = isError(link) ? titleOf(link) : inspected(link);
    lines.push(...`${depth === 0 ? first : 'caused by'} ${text}`.split('\n'));
    link = isError(link) ? link.cause : undefined;
  }
  return lines;
}

/** A class that has given itself no name has one all the same. */
function titleOf(error: Error): string {
  const {name, message} = error;
  return `${name === 'Error' ? (error.constructor?.name ?? name) : name}: ${message}`;
}

const isError = (value: unknown): value is Error => value instanceof Error;

function inspected(value: unknown): string {
  try {
    return inspect(value);
  } catch {
    return 'something that cannot be shown';
  }
}

function cut(lines: readonly string[]): string[] {
  if (lines.length <= maxHead) return [...lines];
  return [...lines.slice(0, maxHead), '… (p error shows the whole)'];
}

/** Whether or not a frame was kept, expressions may speak of the error. A variable of the frame's own goes first. */
function nameGlobally(error: unknown): () => void {
  const globals = globalThis as unknown as Record<string, unknown>;
  const names = ['error', '_error'].filter(name => !(name in globals));
  for (const name of names)
    Object.defineProperty(globals, name, {value: error, configurable: true, writable: true, enumerable: false});
  return () => {
    for (const name of names) delete globals[name];
  };
}
