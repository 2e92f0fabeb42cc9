/**
 * The frames of an error whose throw nobody has seen: read from its stack. What they could see is gone; the place is there.
 * Floor 7: beside `capture`; `post-mortem` shows one or the other.
 */
import {readFileSync} from 'node:fs';
import {fileURLToPath, pathToFileURL} from 'node:url';
import {RemoteActorError} from '../../base/errors.js';
import {plainStack} from '../../base/failure-tree.js';
import type {CapturedFrame} from './capture.js';
import {evaluateGlobally} from './captured.js';
import {isOfProgram, usersFrames} from './code.js';
import {Sources} from './sources.js';

/** How far an error is followed into its causes and members, and how many frames are read. */
const maxDepth = 8;
const maxFrames = 20;

const sources = new Sources();

/** The first of the error, its members and its causes that has frames of the user's has them here; else none. */
export function framesOfStack(error: unknown, depth = 0): readonly CapturedFrame[] {
  if (depth > maxDepth || !isError(error)) return [];
  const own = usersFrames(linesOf(error).flatMap(frameOf), ({position}) => position.url).slice(0, maxFrames);
  if (own.length > 0) return own;
  const members = read(() => (error as {errors?: unknown}).errors);
  for (const part of [...(Array.isArray(members) ? members.slice(0, maxDepth) : []), read(() => error.cause)]) {
    const frames = framesOfStack(part, depth + 1);
    if (frames.length > 0) return frames;
  }
  return [];
}

/** Behind the message, which may look like frames. Of what came from another actor, the frames of the call here. */
function linesOf(error: Error): readonly string[] {
  const stack = read(() => plainStack(error));
  const message = read(() => error.message);
  if (typeof stack !== 'string' || typeof message !== 'string') return [];
  const lines = stack.slice(Math.max(0, stack.indexOf(message)) + message.length).split('\n');
  if (!(error instanceof RemoteActorError)) return lines;
  return lines.slice(lines.findIndex(line => line.startsWith('    [in ')) + 1);
}

function frameOf(text: string): readonly CapturedFrame[] {
  const [, name = '', place = '', line = '', column = ''] =
    /^\s+at (?:async )?(?:(.*) \()?(.+?):(\d+):(\d+)\)?$/.exec(text) ?? [];
  const url = place.startsWith('/') ? pathToFileURL(place).href : place;
  if (!url.startsWith('file:') || !isOfProgram(url)) return [];
  learn(url);
  const position = sources.origin(url, Number(line) - 1, Number(column) - 1);
  return [
    {
      name: name.replace(/^(?:new |Object\.)/, '').replace(/^<anonymous>$/, ''),
      position,
      place: {functionName: name, location: {scriptId: '', lineNumber: position.line, columnNumber: position.column}},
      // Not in the frame, which is gone.
      evaluate: evaluateGlobally,
      scopes: [{kind: 'global', names: ['error']}],
      source: () => sources.text(position.url, async () => ''),
    },
  ];
}

/** Where the file says that its source map is. A stack that is mapped already names the source, which says nothing. */
function learn(url: string): void {
  if (sources.urlOf(url) !== '') return;
  const text = read(() => readFileSync(fileURLToPath(url), 'utf8')) ?? '';
  const [, mapUrl = ''] = [...text.matchAll(/^\/\/[#@] sourceMappingURL=(\S+)\s*$/gm)].at(-1) ?? [];
  sources.add(url, url, mapUrl);
}

const isError = (value: unknown): value is Error => read(() => value instanceof Error) === true;

/** Getters of what was thrown may throw. */
function read<T>(get: () => T): T | undefined {
  try {
    return get();
  } catch {
    return undefined;
  }
}
