/**
 * Failures drawn as a tree of the actors that they came from, for people to read.
 * Floor 0: below `errors`, whose NurseryError is printed by it; it knows errors by their shape, and trusts none.
 */
import {type ActorId, formatActor} from './actor-id.js';
import {escapeText} from './escape.js';
import {isMachinery, userFrames} from './stack.js';

/** What is drawn at most, whatever was thrown: a log takes no more from one error. */
const most = {text: 64 * 1024, message: 2 * 1024, members: 64, depth: 8, frames: 10};

const ownStack = Symbol.for('rxtractor/own-stack');
const inspectKey = Symbol.for('nodejs.util.inspect.custom');

/** Makes an aggregate print itself as a tree: as its `stack`, and by `util.inspect`. Its message stays as it is. */
export function printAsTree(error: Error & {readonly code: string; readonly errors: readonly unknown[]}): void {
  hide(error, ownStack, error.stack);
  const draw = (): string => drawTree(error);
  // Drawn when it is read: most errors never are.
  Object.defineProperty(error, 'stack', {
    get: draw,
    set: (value: unknown) => hide(error, 'stack', value),
    configurable: true,
  });
  hide(error, inspectKey, () => error.stack);
}

/** The stack of an error without the tree: what crosses to other actors, which draw it for themselves. */
export function plainStack(error: Error): string | undefined {
  return (error as {[ownStack]?: string})[ownStack] ?? error.stack;
}

function drawTree(error: Error & {readonly code: string; readonly errors: readonly unknown[]}): string {
  const pen = new Pen();
  pen.write('', '', `${error.name} [${error.code}]: ${messageOf(error)}`);
  pen.branches(branchesOf(error), '', [error]);
  return [...pen.lines, ...framesOf(error)].join('\n');
}

/** One thing below another: a member of an aggregate, or a cause. */
interface Branch {
  readonly label: string;
  readonly thrown: unknown;
}

class Pen {
  readonly lines: string[] = [];
  #left = most.text;

  branches(branches: readonly Branch[], indent: string, around: readonly unknown[]): void {
    branches.forEach((branch, at) => {
      const isLast = at === branches.length - 1;
      // Each has an equal part of what is left, so that one of them cannot silence the others.
      const others = this.#left * (1 - 1 / (branches.length - at));
      this.#left -= others;
      this.#branch(branch, indent + (isLast ? '└─ ' : '├─ '), indent + (isLast ? '   ' : '│  '), around);
      this.#left += others;
    });
  }

  /** A text of several lines: the first behind `first`, the others behind `rest`. */
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
    if (!isError(thrown)) return this.write(first, rest, label + textOf(thrown));
    if (around.includes(thrown)) return this.write(first, rest, `${label}an error that it lies in itself`);
    const road = roadOf(thrown);
    // What came from another actor is told of by its cause; the box around it knows the way, and the frames of the call.
    const original = road ? read(() => thrown.cause) : thrown;
    const branches = isError(original) ? branchesOf(original) : [];
    this.write(first, rest, `${label}${road ?? actorOf(thrown)}${titleOf(thrown, road !== undefined)}`);
    for (const frame of framesOf(thrown)) this.write(rest, rest, frame);
    if (branches.length === 0) return;
    if (around.length >= most.depth) this.write(`${rest}└─ `, rest, '… what lies deeper is not shown');
    else this.branches(branches, rest, [...around, thrown, original]);
  }
}

/** Its members, then its cause. */
function branchesOf(error: Error): Branch[] {
  const members = read(() => (error as {errors?: unknown}).errors);
  const all: readonly unknown[] = Array.isArray(members) ? members : [];
  const branches = Array.from({length: Math.min(all.length, most.members)}, (_, at) => ({
    label: '',
    thrown: read(() => all[at]),
  }));
  if (all.length > branches.length) branches.push({label: '', thrown: `… ${all.length - branches.length} more`});
  const cause = read(() => error.cause);
  if (cause !== undefined) branches.push({label: 'caused by ', thrown: cause});
  return branches;
}

/** `leaf (pid 12), through branch (pid 11): ` for what came from another actor. */
function roadOf(error: Error): string | undefined {
  const {code, path} =
    read(() => {
      const {code, path} = error as {code?: unknown; path?: unknown};
      return {code, path};
    }) ?? {};
  if (code !== 'ERR_REMOTE' || !Array.isArray(path) || !path.every(isActor)) return undefined;
  return `${escapeText(path.slice(0, most.members).map(formatActor).join(', through '))}: `;
}

/** `leaf (pid 12): ` for an error about an actor, where its text does not begin with that. */
function actorOf(error: Error): string {
  const actor = read(() => (error as {actor?: unknown}).actor);
  if (!isActor(actor)) return '';
  const name = escapeText(formatActor(actor));
  return messageOf(error).startsWith(name) ? '' : `${name}: `;
}

/** `TypeError: what it says`. The message of what came from elsewhere begins with the name of its class. */
function titleOf(error: Error, isBoxed: boolean): string {
  if (isBoxed) return messageOf(error);
  const name = read(() => error.name);
  return `${escapeText(typeof name === 'string' ? name.slice(0, most.message) : 'Error')}: ${messageOf(error)}`;
}

function messageOf(error: Error): string {
  const message = read(() => error.message);
  if (typeof message !== 'string') return '[its message cannot be read]';
  const cut = message.length > most.message ? `${message.slice(0, most.message)}…` : message;
  return escapeText(cut);
}

/** The first frames, escaped: behind the message, which may look like frames itself. */
function framesOf(error: Error): readonly string[] {
  const stack = read(() => plainStack(error));
  const message = read(() => error.message);
  if (typeof stack !== 'string' || typeof message !== 'string') return [];
  const raw = stack.indexOf(message);
  const shown = raw < 0 ? escapeText(message.slice(0, most.text)) : message;
  const from = (raw < 0 ? Math.max(stack.indexOf(shown), 0) : raw) + shown.length;
  const text = stack.slice(from, from + most.text);
  const start = text.search(/^[ \t]+at /m);
  if (start < 0) return [];
  const all = userFrames(text.slice(start).split('\n')).map(frame => escapeText(frame.slice(0, most.message)));
  const frames = all.filter(isOfUser);
  const more = frames.length - most.frames;
  return more > 0 ? [...frames.slice(0, most.frames), `    … ${more} more frames`] : frames;
}

/** In a tree of many failures the frames of this library are left out, wherever they stand. */
const isOfUser = (frame: string): boolean => !isMachinery(frame);

/** What was thrown and is no error, or stands for one. */
function textOf(value: unknown): string {
  if (typeof value === 'object' && value !== null) return 'an object that is no Error';
  return messageOf({name: '', message: typeof value === 'function' ? 'a function' : String(value)});
}

function isError(value: unknown): value is Error {
  return read(() => value instanceof Error) === true;
}

function isActor(value: unknown): value is ActorId {
  const actor = value as Partial<ActorId> | null | undefined;
  return read(() => typeof actor?.name === 'string' && typeof actor.pid === 'number') === true;
}

/** Getters of what was thrown may throw. */
function read<T>(get: () => T): T | undefined {
  try {
    return get();
  } catch {
    return undefined;
  }
}

function hide(error: Error, key: string | symbol, value: unknown): void {
  Object.defineProperty(error, key, {value, configurable: true, writable: true});
}
