/**
 * Checks of the options that users give, each written once.
 * Floor 0: called where a user's option enters; what has passed is trusted from there on. Every check throws an error whose text
 * names the option, what it takes, and what it got.
 */
import {inherits, readProperty, textOf} from './foreign.js';

/** @param where who takes the options, for the text: `startActor(): `. @throws TypeError for an option that does not exist */
export function checkKeys(options: object, known: ReadonlySet<string>, where = ''): void {
  for (const key of Object.keys(options)) if (!known.has(key)) throw new TypeError(`${where}there is no option ${key}`);
}

/** @throws Fault (default RangeError) when the value is not a whole number from 1 on */
export function checkCount(
  name: string,
  value: unknown,
  unit: string,
  Fault: new (message: string) => Error = RangeError,
): void {
  if (!(Number.isSafeInteger(value) && (value as number) >= 1))
    throw new Fault(`${name} is a number of ${unit} from 1 on, not ${textOf(value)}`);
}

/** @throws Fault (default RangeError) when the value is not a number from 0 on. Infinity is allowed. */
export function checkAmount(
  name: string,
  value: unknown,
  unit: string,
  Fault: new (message: string) => Error = RangeError,
): void {
  if (!((value as number) >= 0)) throw new Fault(`${name} is a number of ${unit}, not ${textOf(value)}`);
}

/** @throws TypeError when the value is not a boolean */
export function checkBoolean(name: string, value: unknown): asserts value is boolean {
  if (typeof value !== 'boolean') throw new TypeError(`${name} is true or false, not ${textOf(value)}`);
}

/** @throws TypeError when the value is not one of these words */
export function checkWord(name: string, value: unknown, words: readonly string[]): void {
  if (words.includes(value as string)) return;
  const list = [words.slice(0, -1).join(', '), words.at(-1)].filter(text => text !== '').join(' or ');
  throw new TypeError(`${name} is ${list}, not ${textOf(value)}`);
}

/** @throws TypeError when the value is given and is not an AbortSignal, by its shape */
export function checkSignal(name: string, value: unknown): void {
  if (value === undefined || typeof readProperty(value, 'aborted') === 'boolean') return;
  throw new TypeError(`${name} is an AbortSignal, not ${textOf(value)}`);
}

/** @throws TypeError when the value is not a text */
export function checkText(name: string, value: unknown): void {
  if (typeof value !== 'string') throw new TypeError(`${name} is a text, not ${textOf(value)}`);
}

/** @throws TypeError when the value is not a list of URLs */
export function checkUrls(name: string, value: unknown): void {
  if (!Array.isArray(value) || value.some(url => !inherits(url, URL)))
    throw new TypeError(`${name} is a list of URLs, as new URL('./preload.js', import.meta.url), not ${textOf(value)}`);
}

/** @throws TypeError when the value is not a list of texts */
export function checkTexts(name: string, value: unknown): void {
  if (!Array.isArray(value) || value.some(text => typeof text !== 'string'))
    throw new TypeError(`${name} is a list of texts, not ${textOf(value)}`);
}
