// Reads which modules a TypeScript source names, without TypeScript: the compiler's API is too slow and too large for this.
// Beneath floors.ts; a small tokenizer rather than one pattern, so that comments, strings and templates cannot fool it.

export interface ImportLine {
  readonly specifier: string;
  /** True only for a whole `import type` or `export type` statement: `import {type A}` still loads the module. */
  readonly typeOnly: boolean;
}

/** Every module that a source names: `import`, `export … from`, `import()`, with or without `type`. */
export function importsOf(source: string): ImportLine[] {
  const tokens = tokensOf(source);
  const found: ImportLine[] = [];
  for (const [at, token] of tokens.entries()) {
    // `x.import` and `{import: 1}` are names, not statements.
    if ((token !== 'import' && token !== 'export') || tokens[at - 1] === '.' || tokens[at + 1] === ':') {
      continue;
    }

    const specifier = specifierAfter(tokens, at);
    if (specifier !== undefined) {
      found.push({specifier, typeOnly: isTypeOnly(tokens, at)});
    }
  }

  return found;
}

/** A string token keeps its quotes, so a quote tells a module's name from any other token. */
function specifierAfter(tokens: readonly string[], at: number): string | undefined {
  const next = tokens[at + 1] === '(' ? at + 2 : at + 1;
  if (tokens[at] === 'import' && isString(tokens[next])) {
    return tokens[next]?.slice(1, -1);
  }

  // Only names, commas, braces and stars stand between the keyword and `from`: anything else is another kind of statement.
  for (let i = at + 1; i < tokens.length; i++) {
    const token = tokens[i] ?? '';
    const following = tokens[i + 1];
    if (token === 'from' && isString(following)) {
      return following?.slice(1, -1);
    }

    // Without the first half, a statement that ends without a semicolon would swallow the next one.
    if (/^(import|export)$/.test(token) || !(/^([\w$]+|[{},*])$/.test(token) || isString(token))) {
      return;
    }
  }

  return;
}

function isTypeOnly(tokens: readonly string[], at: number): boolean {
  const [word, next, afterNext] = tokens.slice(at + 1, at + 4);
  // `import type from 'x'` imports a value that is called type.
  return word === 'type' && next !== ',' && (next !== 'from' || afterNext === 'from');
}

function isString(token: string | undefined): boolean {
  return token?.startsWith("'") || token?.startsWith('"') || false;
}

const tokenPattern = new RegExp(
  [
    String.raw`(?<space>\s+|\/\/.*|\/\*[^]*?\*\/)`,
    String.raw`(?<string>'(?:\\[^]|[^'\\\n])*'|"(?:\\[^]|[^"\\\n])*")`,
    String.raw`(?<template>(?:\x60|\})(?:\\[^]|\$(?!\{)|[^\x60\\$])*(?:\x60|\$\{))`,
    String.raw`(?<regex>\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/\w*)`,
    String.raw`(?<word>[\w$]+)`,
    '(?<mark>[^])',
  ].join('|'),
  'y',
);

/**
 * Words, marks and strings, without comments, templates' text and regular expressions: what they contain is not code.
 * The two places where JavaScript's tokens depend on what came before are settled here: `/` and `}`.
 */
export function tokensOf(source: string): string[] {
  const tokens: string[] = [];
  // For each open `${`, how many braces are open within it.
  const templates: number[] = [];
  let at = 0;
  while (at < source.length) {
    const {kind, text} = tokenAt(source, at, divides(tokens.at(-1) ?? ''), templates.at(-1) === 0);
    at += text.length;
    if (kind === 'template') {
      if (text.startsWith('}')) {
        templates.pop();
      }

      if (text.endsWith('${')) {
        templates.push(0);
      }
    }

    const depth = templates.at(-1);
    if (depth !== undefined && kind === 'mark' && (text === '{' || text === '}')) {
      templates[templates.length - 1] = depth + (text === '{' ? 1 : -1);
    }

    if (kind !== 'space') {
      // A literal without interest still stands for a value: a `/` behind it divides.
      tokens.push(
        kind === 'regex' || (kind === 'template' && text.endsWith('`')) ? ')' : kind === 'template' ? '(' : text,
      );
    }
  }

  return tokens;
}

function tokenAt(
  source: string,
  at: number,
  afterValue: boolean,
  closesTemplate: boolean,
): {kind: string; text: string} {
  const character = source.charAt(at);
  const commented = character === '/' && /[/*]/.test(source.charAt(at + 1));
  if ((character === '/' && !commented && afterValue) || (character === '}' && !closesTemplate)) {
    return {kind: 'mark', text: character};
  }

  tokenPattern.lastIndex = at;
  const groups = Object.entries(tokenPattern.exec(source)?.groups ?? {});
  const [kind, text] = groups.find(([, matched]) => matched !== undefined) ?? ['mark', character];
  return {kind, text};
}

/** Whether a `/` after this token is a division: it is behind a value, and begins a regular expression elsewhere. */
function divides(before: string): boolean {
  return (
    isString(before) ||
    (/^([\w$]+|[)\]}])$/.test(before) &&
      !/^(return|typeof|case|in|of|void|await|yield|delete|else|do|throw|new|instanceof)$/.test(before))
  );
}
