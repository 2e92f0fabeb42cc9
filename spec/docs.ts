// The parts of documents that can be checked: programs, what they print, links, headings, names of calls and of rules.
// Below docs.spec.ts; pure functions over Markdown, so that the checks can be shown made-up pages.

/** A fenced block: its language, its text, and the line on which it opens. */
export interface Block {
  readonly language: string;
  readonly text: string;
  readonly line: number;
}

/** A program in a page: a `js` or `ts` block that opens with its file's name, `// hello.js`. */
export interface ProgramFile {
  readonly name: string;
  readonly text: string;
}

/**
 * A run in a page: a `console` block, `$ node hello.js` and what it prints, to both stdout and stderr. Where a person is
 * asked, `shop> sum`, it is a session on a terminal.
 */
export interface Run {
  readonly command: string;
  readonly output: string;
  readonly line: number;
  /** The keys that the person types, and who asks; empty for a run without one. */
  readonly typed: readonly Typed[];
}

export interface Typed {
  readonly label: string;
  readonly text: string;
}

export interface Page {
  /** Without what is fenced. */
  readonly prose: string;
  readonly blocks: readonly Block[];
  readonly files: readonly ProgramFile[];
  readonly runs: readonly Run[];
}

export function readPage(markdown: string): Page {
  const prose: string[] = [];
  const blocks: Block[] = [];
  let open: {language: string; line: number; lines: string[]} | undefined;
  for (const [index, line] of markdown.split('\n').entries()) {
    const fence = /^\s*```(\w*)/.exec(line);
    if (open && fence) {
      blocks.push({language: open.language, text: open.lines.join('\n'), line: open.line});
      open = undefined;
    } else if (fence) open = {language: fence[1] ?? '', line: index + 1, lines: []};
    else if (open) open.lines.push(line);
    else prose.push(line);
  }
  return {prose: prose.join('\n'), blocks, files: blocks.flatMap(fileOf), runs: blocks.flatMap(runOf)};
}

function fileOf({language, text}: Block): ProgramFile[] {
  const name = /^\/\/ ([\w./-]+\.(?:js|ts))$/m.exec(text.split('\n')[0] ?? '')?.[1];
  return (language === 'js' || language === 'ts') && name !== undefined ? [{name, text: `${text}\n`}] : [];
}

function runOf({language, text, line}: Block): Run[] {
  const [first = '', ...rest] = text.split('\n');
  if (language !== 'console' || !first.startsWith('$ ')) return [];
  const typed = rest.flatMap(said => {
    const [, label, words] = /^([\w-]+)> (.*)$/.exec(said) ?? [];
    return label !== undefined && words !== undefined ? [{label, text: words}] : [];
  });
  return [{command: first.slice(2), output: rest.join('\n'), line, typed}];
}

/**
 * Whether a program printed what its page says. Process ids differ from run to run; `…` in a page stands for
 * anything within a line, and for any number of lines where it stands alone.
 */
export function isAsPrinted(actual: string, page: string): boolean {
  const pattern = plain(page)
    .split('\n')
    .map(line => (line.trim() === '…' ? '(?:.*\n)*?' : `${line.split('…').map(escapeRegExp).join('.*')}\n`))
    .join('');
  return new RegExp(`^${pattern}$`).test(`${plain(actual)}\n`);
}

const plain = (text: string): string => text.replaceAll(/\bpid:? \d+/g, 'pid N').trimEnd();
const escapeRegExp = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');

/** Targets of relative links, with their anchors. */
export function relativeLinks(prose: string): string[] {
  return [...withoutInlineCode(prose).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target ?? '')
    .filter(target => !/^[a-z]+:/i.test(target));
}

const withoutInlineCode = (prose: string): string => prose.replaceAll(/`[^`\n]*`/g, '');

/** The anchors that GitHub gives to the headings of a page. */
export function anchors(prose: string): string[] {
  return headings(prose).map(heading =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(/\s/g, '-'),
  );
}

export function headings(prose: string): string[] {
  return [...prose.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading]) => heading ?? '');
}

/** Calls that are named in inline code: `` `main(` `` has no receiver, `` `portal.run(` `` has one. */
export interface NamedCall {
  readonly receiver: string | undefined;
  readonly name: string;
}

export function namedCalls(prose: string): NamedCall[] {
  const found: NamedCall[] = [];
  for (const [, code = ''] of prose.matchAll(/`([^`\n]+)`/g)) {
    for (const [, receiver, name = ''] of code.matchAll(
      /(?<![\w$.#@/-])(?:([A-Za-z_$][\w$]*)\.)?([A-Za-z_$][\w$]*)\(/g,
    ))
      found.push({receiver, name});
  }
  return found;
}

/** A name of the shape of a rule's, `T10`; other letters (`K56`) name other things, and may stand beside it. */
const ruleLike = '[A-Z]\\d{1,2}';
const rulesLike = `${ruleLike}(?:(?:, | and | to |-)${ruleLike})*`;
/** Where a rule is meant: `T9, T10: …`, `(T9)`, `rule T9`, `[T9](…)`. A control code `C1` or a variable `S1` is not. */
const mentions = new RegExp(
  `\\b${rulesLike}(?=:)|(?<=\\()${rulesLike}(?=\\))|(?<=\\b[Rr]ules? )${rulesLike}|(?<=\\[)${ruleLike}(?=\\]\\()`,
  'g',
);

/** The rules that a text names: the letters are those of the groups in docs/reference/semantics.md. */
export function namedRules(text: string): string[] {
  const names = [...text.matchAll(mentions)].flatMap(([found]) => found.match(/[A-Z]\d{1,2}/g) ?? []);
  return names.filter(name => /^[TECXSFBDP]/.test(name));
}

/** The comments and the strings of a TypeScript file, line by line: all that is said in it to a reader. */
export function saidIn(source: string): string {
  const string = /(['"`])((?:\\.|(?!\1)[^\\])*)\1/g;
  const lines = source.split('\n').flatMap(line => {
    const comment = /^\s*(?:\/\/|\/?\*+)(.*)$/.exec(line);
    if (comment) return [comment[1] ?? ''];
    const behind = /(?:^|\s)\/\/(.*)$/.exec(line.replaceAll(string, ''));
    return [...[...line.matchAll(string)].map(([, , text]) => text ?? ''), behind?.[1] ?? ''];
  });
  return lines.join('\n');
}

/** The rules that a page defines: a heading each, that is the name and nothing else. */
export const definedRules = (prose: string): string[] =>
  headings(prose).filter(heading => /^[TECXSFBDP]\d{1,2}$/.test(heading));

/** The names of rules that files use, by their path, and that are not defined. */
export function undefinedRules(defined: readonly string[], said: ReadonlyMap<string, string>): string[] {
  return [...said].flatMap(([path, text]) =>
    namedRules(text)
      .filter(rule => !defined.includes(rule))
      .map(rule => `${path}: ${rule}`),
  );
}

/** The rules that a page names without a link to them. */
export const unlinkedRules = (prose: string): string[] =>
  namedRules(withoutInlineCode(prose).replaceAll(/\[[^\]]*\]\([^)]*\)/g, 'a link'));
