/**
 * Which packages a JavaScript or TypeScript source names.
 * A pure function that `inspect` calls in the actor; it knows no files and no processes.
 *
 * A package counts when a literal names it in `import … from`, `export … from`, `import '…'`, `import('…')` or
 * `require('…')`; `import type` counts like `import`, an `import('…')` in a type position does not. Node's own modules
 * (`fs`, `node:fs`) are no packages, nor are relative paths, `#internal` names and URLs.
 */
import {isBuiltin} from 'node:module';
import {parse} from 'es-module-lexer';
import jsTokens from 'js-tokens';

const sourceName = /\.[cm]?[jt]sx?$/;
/** The first part of a bare specifier, with its scope; what follows must be a subpath or nothing (no `style!css`). */
const packageName = /^(?:@[\w.~-]+\/)?\w[\w.~-]*(?=\/|$)/;

export function isSource(name: string): boolean {
  return sourceName.test(name);
}

/** The packages that `source` imports, each once. */
export function packagesOf(source: string): string[] {
  const names = new Set<string>();
  for (const specifier of specifiersOf(source)) {
    const name = packageName.exec(specifier)?.[0];
    if (name !== undefined && !isBuiltin(specifier)) names.add(name);
  }

  return [...names];
}

// The lexer reads 300 MB/s and knows types, but gives up on what is neither JavaScript nor erasable TypeScript: JSX text
// with an apostrophe, above all. The tokenizer reads 30 MB/s and never gives up.
function specifiersOf(source: string): string[] {
  const script = source.startsWith('\uFEFF') ? source.slice(1) : source;
  try {
    return lexed(script);
  } catch {
    return tokenized(script);
  }
}

// A call of `require` that is nobody's method. The lexer knows ES modules only, so these are put before it as `import`
// calls: comments, strings, templates and regular expressions are then its business for both kinds. It takes the word
// after `...` for a method's name, hence the semicolon, which a lexer does not mind. The word stands first in the pattern
// and comments are short, or a source made for it would take quadratic time.
const requireCall = /require(?<!(?:[\w$]|(?<!\.\.)\.\s*)require)(?=(?:\s|\/\*(?:[^*]|\*(?!\/)){0,200}\*\/)*\()/g;
const importEquals = /\bimport\s+(?:type\s+)?[\w$]+\s*=\s*$/;

function lexed(source: string): string[] {
  const asModule = source.replace(requireCall, (word, at: number) =>
    importEquals.test(source.slice(Math.max(0, at - 200), at)) ? word : ';import',
  );
  const [imports] = parse(asModule);
  const found: string[] = [];
  for (const entry of imports) {
    if (entry.type === 'import-meta' || entry.specifier === undefined) continue;
    if (entry.type === 'dynamic' && (entry.glob || isTypePosition(entry.probablyTypeOnly, source, entry.importStart)))
      continue;
    found.push(entry.specifier);
  }

  return found;
}

// `import('x').Type` is a type; `require('x').value`, which looks the same once it is rewritten, is not.
function isTypePosition(suspected: boolean, source: string, at: number): boolean {
  return suspected && source.startsWith('import', at);
}

// Two words and a literal beside each other are enough: nothing else in the grammar puts them so.
function tokenized(source: string): string[] {
  const found: string[] = [];
  let [third, second, first] = ['', '', ''];
  let argument: string | undefined;
  for (const {type, value} of jsTokens(source, {jsx: true})) {
    if (/^(?:WhiteSpace|LineTerminatorSequence|\w+Comment)$/.test(type)) continue;
    if (argument !== undefined && /^[),]$/.test(value)) found.push(argument);
    argument = undefined;
    if (type === 'StringLiteral' || type === 'NoSubstitutionTemplate') {
      const literal = value.slice(1, -1);
      if (/^(?:from|import)$/.test(first) && second !== '.') found.push(literal);
      else if (first === '(' && /^(?:import|require)$/.test(second) && !/^\??\.$/.test(third)) argument = literal;
    }

    [third, second, first] = [second, first, value];
  }

  return found;
}
