/**
 * Whether a text that somebody types at a prompt awaits something, and how such a text is run.
 * Floor 7: below `captured-debuggee` and `breakpoint-debuggee`; it compiles code and does not run it.
 */
import {Script} from 'node:vm';

/**
 * Whether the text may have an `await` of its own. In a static block the word `await` does not compile with any other
 * meaning, so that a text that compiles there has none.
 */
export const mayAwait = (text: string): boolean =>
  /\bawait\b/.test(text) && !compiles(`(class { static {\n${text}\n} })`);

/**
 * The call of an async function around the text. It gives the value where the text is an expression, not statements.
 */
export function asAsync(text: string): string {
  const expression = `(async () => (\n${text}\n))()`;
  return compiles(expression) ? expression : `(async () => {\n${text}\n})()`;
}

function compiles(code: string): boolean {
  try {
    new Script(code);
    return true;
  } catch {
    return false;
  }
}
