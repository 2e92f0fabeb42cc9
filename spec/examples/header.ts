// The parts of the header of a numbered example: what it shows, its tree, what it prints, how it ends.
// Below numbered.spec.ts; reads the source, because the header is for readers of the source.

export interface Header {
  /** One sentence. */
  readonly shows: string;
  readonly tree: string;
  /** The things that a person at the terminal sees and tries; empty where none is needed. */
  readonly terminal: string;
  readonly stdout: string;
  readonly exitCode: number;
}

/** Throws when the source has no header of that form. */
export function readHeader(source: string): Header {
  const comment = /^\/\*\*\n((?: \*(?: .*)?\n)+) \*\/\n/.exec(source)?.[1];
  if (comment === undefined) throw new Error('it does not open with a comment');
  const text = comment.replaceAll(/^ \* ?/gm, '');
  const [, shows, tree, terminal = '', stdout, ending = ''] =
    /^(\S.*)\n\n((?: {2}.+\n)+)\n(?:On a terminal: ((?:\S.*\n)+)\n)?It prints.*:\n\n((?: {2}.+\n)+)(\n\S.*\n)?$/.exec(
      text,
    ) ?? [];
  if (shows === undefined || tree === undefined || stdout === undefined)
    throw new Error(`the header is not a sentence, a tree and what it prints:\n${text}`);
  const code = ending === '' ? '0' : /^\nIts exit code is (\d+)\.\n$/.exec(ending)?.[1];
  if (code === undefined) throw new Error(`the header ends with something else than an exit code:${ending}`);
  return {shows, tree: outdented(tree), terminal, stdout: outdented(stdout), exitCode: Number(code)};
}

const outdented = (lines: string): string => lines.replaceAll(/^ {2}/gm, '');
