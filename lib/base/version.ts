/**
 * The version of this library, for messages to people.
 * Floor 0. Read from its package when somebody asks, which is seldom.
 */
import {readFileSync} from 'node:fs';
import {attempt} from './foreign.js';
import {libraryFile} from './library.js';

/** `unknown` when the library was bundled, and its package is elsewhere. */
export function libraryVersion(): string {
  const file = libraryFile('../../package.json');
  const read = (): string => String((JSON.parse(readFileSync(file as URL, 'utf8')) as {version: unknown}).version);
  return (file && attempt(read, undefined)) ?? 'unknown';
}
