/**
 * Which mark of this process is the one that another process means, although the two may have loaded different versions of a
 * file: one was edited after the other process had loaded it, or a tool has transformed it for one of them.
 * Floor 5: pure functions; below `exposed`.
 */

/** How a mark looks from another process. */
export interface MarkPrint {
  /** Where it stands in its file. */
  readonly place: string;
  /** A hash of the text of its function. */
  readonly text: string;
}

/**
 * Pairs the marks of one kind in one file, as another process has made them, with those that this process has made. Both lists
 * are in the order of making. The result has for each of `theirs` the index of its partner in `ours`; undefined: none for sure.
 *
 * 1. The same text is the same function: it has moved, or nothing has changed. Where several have one text, and both processes
 *    made as many of them, their order tells them apart, otherwise their place.
 * 2. A function whose text has changed is at the same place among the others, in order, when both processes made the same
 *    number of marks and no pair of (1) contradicts the order. So it is in a file that a tool has transformed.
 * 3. Otherwise it is the one at the same place, unless that is another function by (1), or the lines above it have moved.
 */
export function pairMarks(theirs: readonly MarkPrint[], ours: readonly MarkPrint[]): (number | undefined)[] {
  const byText = pairByText(theirs, ours);
  const isOrderKept =
    theirs.length === ours.length && byText.every((partner, at) => partner === undefined || partner === at);
  if (isOrderKept) return theirs.map((_print, at) => at);
  const taken = new Set(byText);
  return byText.map((partner, at) => {
    if (partner !== undefined) return partner;
    const same = haveMovedAbove(at, byText, theirs, ours) ? -1 : atPlace(ours, theirs[at]);
    return same < 0 || taken.has(same) ? undefined : same;
  });
}

function pairByText(theirs: readonly MarkPrint[], ours: readonly MarkPrint[]): (number | undefined)[] {
  const pairs = new Array<number | undefined>(theirs.length).fill(undefined);
  const here = indicesByText(ours);
  for (const [text, there] of indicesByText(theirs)) {
    const same = here.get(text) ?? [];
    const isOrdered = same.length === there.length;
    for (const [nth, at] of there.entries()) {
      pairs[at] = isOrdered ? same[nth] : same.find(index => ours[index]?.place === theirs[at]?.place);
    }
  }
  return pairs;
}

function indicesByText(prints: readonly MarkPrint[]): Map<string, number[]> {
  const indices = new Map<string, number[]>();
  for (const [at, {text}] of prints.entries()) {
    const same = indices.get(text);
    if (same) same.push(at);
    else indices.set(text, [at]);
  }
  return indices;
}

/** Whether the last mark above that has a partner has another place now: then the same place is that of another function. */
function haveMovedAbove(
  at: number,
  pairs: readonly (number | undefined)[],
  theirs: readonly MarkPrint[],
  ours: readonly MarkPrint[],
): boolean {
  for (let above = at - 1; above >= 0; above--) {
    const partner = pairs[above];
    if (partner !== undefined) return ours[partner]?.place !== theirs[above]?.place;
  }
  return false;
}

function atPlace(prints: readonly MarkPrint[], print: MarkPrint | undefined): number {
  return prints.findIndex(({place}) => place === print?.place);
}

/** Longer texts are neither sent nor read: nobody marks ten thousand functions in one file. Then the place alone counts. */
const maxPrintsLength = 262_144;

/** The marks of one kind in one file as a text, to be sent: `line:column hash,…`. Empty when there are too many. */
export function writePrints(prints: readonly MarkPrint[]): string {
  const text = prints.map(({place, text}) => `${place} ${text}`).join(',');
  return text.length > maxPrintsLength ? '' : text;
}

export function readPrints(text: string): MarkPrint[] {
  if (text.length > maxPrintsLength) return [];
  return text.split(',').map(print => {
    const [place = '', hash = ''] = print.split(' ');
    return {place, text: hash};
  });
}
