/**
 * The frames of an error whose throw was not captured, read from the text of its stack. Their variables are gone; the
 * places are there.
 * Floor 7: beside `capture`; `prompt/post-mortem-prompt` shows the frames of one or of the other.
 */
import {readFileSync} from 'node:fs';
import {fileURLToPath, pathToFileURL} from 'node:url';
import {RemoteActorError} from '../../base/errors.js';
import {plainStack} from '../../base/failure-tree.js';
import {attempt, causeOf, isError, membersOf, messageOf} from '../../base/foreign.js';
import {evaluateGlobally} from './captured-debuggee.js';
import type {CapturedFrame} from './captured-frame.js';
import {Sources} from './sources.js';
import {isOfProgram, usersFrames} from './user-code.js';

/** Maximum depth of causes and members, and maximum number of frames, because a person reads them. */
const maxDepth = 8;
const maxFrames = 20;

const sources = new Sources();

/** The user's frames of the error; where it has none, those of the first of its members and causes that has some. */
export function framesOfStack(error: unknown, depth = 0): readonly CapturedFrame[] {
  if (depth > maxDepth || !isError(error)) return [];
  const own = usersFrames(linesOf(error).flatMap(frameOf), ({position}) => position.url).slice(0, maxFrames);
  if (own.length > 0) return own;
  for (const part of [...membersOf(error).slice(0, maxDepth), causeOf(error)]) {
    const frames = framesOfStack(part, depth + 1);
    if (frames.length > 0) return frames;
  }
  return [];
}

/**
 * The lines of the stack behind the message, because a message may look like frames. Where the error came from another
 * actor, the lines of the call in this actor.
 */
function linesOf(error: Error): readonly string[] {
  const stack = attempt(() => plainStack(error));
  const message = messageOf(error);
  if (typeof stack !== 'string' || message === undefined) return [];
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
      url,
      site: {functionName: name, location: {scriptId: '', lineNumber: position.line, columnNumber: position.column}},
      // The frame is gone, so that code sees globals only.
      evaluate: evaluateGlobally,
      scopes: [{kind: 'global', names: ['error']}],
      source: () => sources.text(position.url, async () => ''),
    },
  ];
}

/**
 * Reads in the file where its source map is. Where Node has mapped the stack already, the file is the source, which
 * names no map.
 */
function learn(url: string): void {
  if (sources.urlOf(url) !== '') return;
  const text = attempt(() => readFileSync(fileURLToPath(url), 'utf8')) ?? '';
  const [, mapUrl = ''] = [...text.matchAll(/^\/\/[#@] sourceMappingURL=(\S+)\s*$/gm)].at(-1) ?? [];
  sources.add(url, url, mapUrl);
}
