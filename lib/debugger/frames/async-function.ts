/**
 * Whether a function is async, as its source says.
 * Floor 7: below `stepper`; a pure function over text.
 */

/** @param column where V8 lets the function begin: at its parameters, or at the `async` of an arrow function */
export function isAsyncFunctionAt(line: string, column: number): boolean {
  return /^async\b(?!\s*=>)/.test(line.slice(column)) || asyncName.test(line.slice(0, column));
}

const asyncName = /\basync\s*(\*|\s(function\b)?\s*\*?)\s*(#?[\p{L}\p{N}_$]+|\[[^\]]*\]|'[^']*'|"[^"]*")?\s*$/u;
