// Text from elsewhere, made safe to print.
// Above lib/base/escape.ts.
import test from 'ava';
import {escapeText} from '../../lib/base/escape.js';

const escaped: readonly (readonly [title: string, text: string, printed: string])[] = [
  ['letters of all scripts, line feeds and tabs stay', 'aé日😀\n\tב', 'aé日😀\n\tב'],
  ['an escape sequence', '\u001b[31m', '\\x1b[31m'],
  ['a carriage return, which would overwrite the line', 'a\rb', 'a\\x0db'],
  ['the other control characters', '\0\u0007\u007f\u009b', '\\x00\\x07\\x7f\\x9b'],
  ['turns of the reading order', '\u202egpj\u2066', '\\u202egpj\\u2066'],
  ['invisible characters', 'a\u200bb\ufeffc\u00add', 'a\\u200bb\\ufeffc\\xadd'],
  ['line and paragraph separators', '\u2028\u2029', '\\u2028\\u2029'],
  ['tags beyond the basic plane', '\u{e0041}', '\\u{e0041}'],
];
for (const [title, text, printed] of escaped)
  test(`E4: ${title}`, t => {
    t.is(escapeText(text), printed);
    t.is(escapeText(printed), printed);
  });
