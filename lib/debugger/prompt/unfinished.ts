/**
 * Whether a text that somebody types is the beginning of code, so that the next line belongs to it.
 * Floor 7: below `command-language`; it compiles code and does not run it.
 */
import {Script} from 'node:vm';
import {isError} from '../../base/foreign.js';

/** Maximum number of brackets that are closed to see whether nothing else is missing. */
const maxBrackets = 20;

/** False for code that is whole, and for code that no further line could make right. */
export function isUnfinished(text: string): boolean {
  const fault = faultOf(text);
  if (!fault) return false;
  if (fault.isBehind || fault.message.startsWith('Missing catch')) return true;
  if (fault.message.startsWith(openCall)) return isOpenCall(text);
  return /\/\*(?!.*\*\/)/s.test(text) && isRightWith(`${text}*/`);
}

/** V8 reports a call whose bracket is missing at its last argument, also where something else is wrong. */
function isOpenCall(text: string): boolean {
  for (let closed = 1; closed <= maxBrackets; closed++) {
    const more = text + '\n)'.repeat(closed);
    if (isRightWith(more)) return true;
    if (!faultOf(more)?.message.startsWith(openCall)) return false;
  }
  return false;
}

const openCall = 'missing ) after argument list';

function isRightWith(text: string): boolean {
  return faultOf(text)?.isBehind ?? true;
}

interface Fault {
  readonly message: string;
  /** Whether V8 has found fault with what follows the text, so that the text itself is right as far as it goes. */
  readonly isBehind: boolean;
}

/** The text stands in an async function, because `await` may stand in it. */
function faultOf(text: string): Fault | undefined {
  try {
    new Script(`(async () => {\n${text}\n})`, {filename: 'typed'});
    return undefined;
  } catch (error) {
    if (!isError(error)) return undefined;
    const [, line = '0'] = /^typed:(\d+)/.exec(String(error.stack)) ?? [];
    return {message: error.message, isBehind: Number(line) - 1 > text.split('\n').length};
  }
}
