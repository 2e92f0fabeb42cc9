/**
 * The names of a function's parameters, and the names that a module imports, as the source says. The inspector tells
 * neither.
 * Floor 7: below `frame-values` and `frame-taker`; pure functions over text.
 */

const identifier = /[\p{L}_$][\p{L}\p{N}_$]*/gu;

/**
 * Gives more names than there are parameters: those in default values, too. The caller takes those that are variables of
 * the function.
 *
 * @param column where V8 lets the function begin: at its parameters, or at the `async` of an arrow function
 */
export function parameterNames(source: string, line: number, column: number): readonly string[] {
  const lines = source.split('\n').slice(line);
  const text = [(lines[0] ?? '').slice(column), ...lines.slice(1)].join('\n').replace(/^async\b\s*(?=[\p{L}_$(])/u, '');
  const list = text.startsWith('(') ? inBrackets(text) : (/^[\p{L}_$][\p{L}\p{N}_$]*/u.exec(text)?.[0] ?? '');
  return [...new Set(list.match(identifier) ?? [])];
}

/** The text up to the bracket that closes the first one. Brackets in texts are not told apart, and may cut it short. */
function inBrackets(text: string): string {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    if ('([{'.includes(text.charAt(at))) depth++;
    else if (')]}'.includes(text.charAt(at)) && --depth === 0) return text.slice(0, at);
  }
  return '';
}

/** The local names of a module's `import` statements. */
export function importedNames(source: string): ReadonlySet<string> {
  const names = new Set<string>();
  for (const [, clause = ''] of source.matchAll(/^[ \t]*import\b(?!\s*[('".])([^;'"]*?)\bfrom\s*['"]/gm)) {
    // In `a as b` the local name is b.
    for (const name of clause.replace(/[\p{L}\p{N}_$*]+\s+as\s+/gu, '').match(identifier) ?? []) names.add(name);
  }
  return names;
}
