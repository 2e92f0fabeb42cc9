/**
 * Failures drawn as a tree of the actors that they came from, for people to read.
 * Floor 0: below `errors`, whose NurseryError is printed by it, and above `foreign`, because it trusts no error that it draws.
 */
import {type ActorId, formatActor} from './actor-id.js';
import {escapeText} from './escape.js';
import {attempt, causeOf, isError, membersOf, messageOf, readProperty} from './foreign.js';
import {setHidden} from './hidden.js';
import {quitText} from './quit-report.js';
import {isMachinery, userFrames, withPlainStacks} from './stack.js';

/** Maximum sizes of one tree, because a log must not be flooded by one error. `text` and `message` are in characters. */
const most = {text: 64 * 1024, message: 2 * 1024, members: 64, depth: 8, frames: 10};

const ownStack = Symbol.for('rxtractor/own-stack');
const inspectKey = Symbol.for('nodejs.util.inspect.custom');

type Aggregate = Error & {readonly code: string; readonly errors: readonly unknown[]};

/** Makes an aggregate print itself as a tree: as its `stack`, and by `util.inspect`. Its message stays as it is. */
export function printAsTree(error: Aggregate): void {
  withPlainStacks(() => {
    setHidden(error, ownStack, error.stack);
    // The tree is drawn when the stack is read, because most errors are never printed.
    Object.defineProperty(error, 'stack', {
      get: () => drawTree(error),
      set: (value: unknown) => setHidden(error, 'stack', value),
      configurable: true,
    });
  });
  setHidden(error, inspectKey, () => error.stack);
}

/** Makes the errors of a class print themselves in one line where a person at the debugger's prompt has caused them. */
export function printQuitAsLine(prototype: Error): void {
  setHidden(prototype, inspectKey, function (this: Error) {
    return quitText(this) ?? this;
  });
}

/**
 * The stack of an error without the tree: this is what crosses to other actors, which draw the tree for themselves.
 * Undefined when the stack is not a text, or cannot be read.
 */
export function plainStack(error: Error): string | undefined {
  const stack = readProperty(error, ownStack) ?? readProperty(error, 'stack');
  return typeof stack === 'string' ? stack : undefined;
}

function drawTree(error: Aggregate): string {
  const quit = quitText(error);
  if (quit !== undefined) return quit;
  const pen = new Pen();
  pen.write('', '', `${error.name} [${error.code}]: ${messageText(error)}`);
  pen.branches(branchesOf(error), '', [error]);
  return [...pen.lines, ...framesOf(error)].join('\n');
}

/** A thing that hangs below another one: a member of an aggregate, or a cause. */
interface Branch {
  readonly label: string;
  readonly thrown: unknown;
}

class Pen {
  readonly lines: string[] = [];
  /** The characters that may still be written. */
  #left = most.text;

  branches(branches: readonly Branch[], indent: string, around: readonly unknown[]): void {
    branches.forEach((branch, at) => {
      const isLast = at === branches.length - 1;
      // Each branch has an equal part of the room that is left, so that one of them cannot silence the others.
      const others = this.#left * (1 - 1 / (branches.length - at));
      this.#left -= others;
      this.#branch(branch, indent + (isLast ? '└─ ' : '├─ '), indent + (isLast ? '   ' : '│  '), around);
      this.#left += others;
    });
  }

  /** Writes a text of several lines: the first line behind `first`, the others behind `rest`. */
  write(first: string, rest: string, text: string): void {
    text.split('\n').forEach((line, at) => {
      if (this.#left <= 0) return;
      const whole = (at === 0 ? first : rest) + line;
      this.#left -= whole.length + 1;
      this.lines.push(this.#left > 0 ? whole : `${at === 0 ? first : rest}… the rest was cut`);
    });
  }

  #branch({label, thrown}: Branch, first: string, rest: string, around: readonly unknown[]): void {
    if (this.#left <= 0) return;
    if (!isError(thrown)) return this.write(first, rest, label + valueText(thrown));
    if (around.includes(thrown)) return this.write(first, rest, `${label}an error that it lies in itself`);
    const path = pathText(thrown);
    const quit = quitText(thrown);
    if (quit !== undefined) return this.write(first, rest, label + quit);
    // An error from another actor is the `cause` of a box. The box knows the path and the frames of the call, and the
    // branches hang on the original.
    const original = path === undefined ? thrown : causeOf(thrown);
    const branches = isError(original) ? branchesOf(original) : [];
    this.write(first, rest, `${label}${path ?? actorText(thrown)}${titleOf(thrown, path !== undefined)}`);
    for (const frame of framesOf(thrown)) this.write(rest, rest, frame);
    if (branches.length === 0) return;
    if (around.length >= most.depth) this.write(`${rest}└─ `, rest, '… what lies deeper is not shown');
    else this.branches(branches, rest, [...around, thrown, original]);
  }
}

/** The members of an error, then its cause. */
function branchesOf(error: Error): Branch[] {
  const members = membersOf(error);
  const {length} = members;
  const branches = Array.from({length: Math.min(length, most.members)}, (_, at) => ({
    label: '',
    thrown: readProperty(members, at),
  }));
  if (length > branches.length) branches.push({label: '', thrown: `… ${length - branches.length} more`});
  const cause = causeOf(error);
  if (cause !== undefined) branches.push({label: 'caused by ', thrown: cause});
  return branches;
}

/** `leaf (pid 12), through branch (pid 11): ` for an error from another actor. Undefined for all others. */
function pathText(error: Error): string | undefined {
  const path = readProperty(error, 'code') === 'ERR_REMOTE' ? readProperty(error, 'path') : undefined;
  if (!Array.isArray(path) || !path.every(isActor)) return undefined;
  return `${escapeText(path.slice(0, most.members).map(formatActor).join(', through '))}: `;
}

/** `leaf (pid 12): ` for an error about an actor, where its message does not begin with that. */
function actorText(error: Error): string {
  const actor = readProperty(error, 'actor');
  if (!isActor(actor)) return '';
  const name = escapeText(formatActor(actor));
  return messageText(error).startsWith(name) ? '' : `${name}: `;
}

/** `TypeError: its message`. The message of an error from another actor begins with the name of its class already. */
function titleOf(error: Error, isBoxed: boolean): string {
  if (isBoxed) return messageText(error);
  const name = readProperty(error, 'name');
  return `${escapeText(typeof name === 'string' ? name.slice(0, most.message) : 'Error')}: ${messageText(error)}`;
}

function messageText(error: Error): string {
  const message = messageOf(error);
  return message === undefined ? '[its message cannot be read]' : shortened(message);
}

/** The first frames, escaped. They are looked for behind the message, because a message may look like frames itself. */
function framesOf(error: Error): readonly string[] {
  const stack = plainStack(error);
  const message = messageOf(error);
  if (stack === undefined || message === undefined) return [];
  const raw = stack.indexOf(message);
  const shown = raw < 0 ? escapeText(message.slice(0, most.text)) : message;
  const from = (raw < 0 ? Math.max(stack.indexOf(shown), 0) : raw) + shown.length;
  const text = stack.slice(from, from + most.text);
  const start = text.search(/^[ \t]+at /m);
  if (start < 0) return [];
  const all = userFrames(text.slice(start).split('\n')).map(frame => escapeText(frame.slice(0, most.message)));
  // In a tree of many failures the frames of this library are left out, wherever they stand.
  const frames = all.filter(frame => !isMachinery(frame));
  const more = frames.length - most.frames;
  return more > 0 ? [...frames.slice(0, most.frames), `    … ${more} more frames`] : frames;
}

/** The text for a thrown value that is not an Error. */
function valueText(value: unknown): string {
  if (typeof value === 'object' && value !== null) return 'an object that is no Error';
  return shortened(typeof value === 'function' ? 'a function' : String(value));
}

function shortened(text: string): string {
  return escapeText(text.length > most.message ? `${text.slice(0, most.message)}…` : text);
}

function isActor(value: unknown): value is ActorId {
  const actor = value as Partial<ActorId> | null | undefined;
  return attempt(() => typeof actor?.name === 'string' && typeof actor.pid === 'number', false);
}
