// Which mark of this process is the one that another process means: the rules themselves, without processes (rule T5).
import test from 'ava';
import {type MarkPrint, pairMarks, readPrints, writePrints} from '../../lib/actor/same-mark.js';
import {fc} from '../kit/fast-check.js';

/** A file in short: `a@2 b@3` are two marks, with the texts a and b, at the lines 2 and 3. */
const file = (marks: string): MarkPrint[] =>
  marks.split(' ').flatMap(mark => {
    const [text = '', place = ''] = mark.split('@');
    return text === '' ? [] : [{text, place}];
  });

/** For each mark of the caller's file the one of the callee's file, as `a@2→a@3`; `a@2→` when there is none. */
const pairs = (theirs: string, ours: string): string[] => {
  const here = file(ours);
  return pairMarks(file(theirs), here).map((at, index) => {
    const partner = at === undefined ? undefined : here[at];
    return `${theirs.split(' ')[index]}→${partner ? `${partner.text}@${partner.place}` : ''}`;
  });
};

const finds = test.macro<[theirs: string, ours: string, ...expected: string[]]>({
  exec: (t, theirs, ours, ...expected) => t.deepEqual(pairs(theirs, ours), expected),
  title: given => `T5: ${given}`,
});

test('the same file: each is itself', finds, 'a@2 b@3', 'a@2 b@3', 'a@2→a@2', 'b@3→b@3');
test('lines were added above: each has moved', finds, 'a@2 b@3', 'a@3 b@4', 'a@2→a@3', 'b@3→b@4');
test('two changed places: each goes with its text', finds, 'a@2 b@3', 'b@2 a@3', 'a@2→a@3', 'b@3→b@2');
test('one was edited in its place: it stays', finds, 'a@2 b@3', 'A@2 b@3', 'a@2→A@2', 'b@3→b@3');
test('one was edited, and one added below', finds, 'a@2 b@3', 'A@2 b@3 c@4', 'a@2→A@2', 'b@3→b@3');
test('one was removed, and the next one stands in its place', finds, 'a@2 b@3', 'b@2', 'a@2→', 'b@3→b@2');
test(
  'one was removed, and the last one stands in its place',
  finds,
  'a@2 b@3 c@4',
  'a@2 c@3',
  'a@2→a@2',
  'b@3→',
  'c@4→c@3',
);
test(
  'one was edited after the others had moved, and another stands in its place',
  finds,
  'a@2 b@3',
  'x@2 a@3 B@4',
  'a@2→a@3',
  'b@3→',
);
test('a tool has changed all texts and places: order counts', finds, 'a@2 b@3', 'A@9 B@12', 'a@2→A@9', 'b@3→B@12');
test(
  'a tool has removed lines, so that each stands where another one stood',
  finds,
  'a@2 b@3 c@4',
  'A@1 B@2 C@3',
  'a@2→A@1',
  'b@3→B@2',
  'c@4→C@3',
);
test('a tool has changed some of the texts', finds, 'a@2 b@3 c@4', 'A@7 b@8 C@9', 'a@2→A@7', 'b@3→b@8', 'c@4→C@9');
test('order does not count when the numbers of marks differ', finds, 'a@2 b@3', 'A@9 B@12 C@15', 'a@2→', 'b@3→');
test(
  'order does not count when two are known to have changed places',
  finds,
  'a@2 b@3 c@4',
  'b@12 a@13 C@14',
  'a@2→a@13',
  'b@3→b@12',
  'c@4→',
);
test(
  'several with one text, and as many of them: their order tells them apart',
  finds,
  'a@2 a@3',
  'a@3 a@4',
  'a@2→a@3',
  'a@3→a@4',
);
test(
  'several with one text, and one of them was removed: only the place tells',
  finds,
  'a@2 a@3',
  'a@3',
  'a@2→',
  'a@3→a@3',
);
test(
  'several with one text, one was removed and the other has moved: nothing tells',
  finds,
  'a@2 a@3',
  'a@5',
  'a@2→',
  'a@3→',
);
test('nothing is marked there', finds, 'a@2', '', 'a@2→');

/** Files of up to eight marks, each at a line of its own. */
const files = fc
  .uniqueArray(fc.record({text: fc.constantFrom(...'abcdefgh'), line: fc.integer({min: 1, max: 12})}), {
    selector: ({line}) => line,
    maxLength: 8,
  })
  .map(marks => marks.sort((a, b) => a.line - b.line).map(({text, line}) => ({text, place: `${line}:18`})));
const distinct = files.map(marks => marks.filter(({text}, at) => marks.findIndex(mark => mark.text === text) === at));

const holds = (t: {notThrows(fn: () => void): boolean}, property: fc.IProperty<unknown>): void => {
  t.notThrows(() => fc.assert(property as fc.IProperty<[unknown]>, {numRuns: 2_000}));
};

test('T5: no two marks have one partner, whatever the files are', t => {
  holds(
    t,
    fc.property(files, files, (theirs, ours) => {
      const found = pairMarks(theirs, ours).filter(at => at !== undefined);
      return new Set(found).size === found.length && found.every(at => at >= 0 && at < ours.length);
    }),
  );
});

test('T5: a function whose text both files have once is always found by it', t => {
  holds(
    t,
    fc.property(distinct, distinct, (theirs, ours) =>
      pairMarks(theirs, ours).every((at, index) => {
        const here = ours.findIndex(({text}) => text === theirs[index]?.text);
        return here < 0 || at === here;
      }),
    ),
  );
});

test('T5: a tool that changes texts and places and keeps the order changes nothing, whichever texts it leaves alone', t => {
  holds(
    t,
    fc.property(distinct, fc.array(fc.boolean(), {minLength: 8, maxLength: 8}), fc.nat(20), (raw, changes, shift) => {
      const transformed = raw.map(({text}, at) => ({
        text: changes[at] ? text.toUpperCase() : text,
        place: `1:${shift + 40 * at}`,
      }));
      const order = raw.map((_, at) => at);
      return [pairMarks(raw, transformed), pairMarks(transformed, raw)].every(found => `${found}` === `${order}`);
    }),
  );
});

test('what is written of the marks of a file is read as it was', t => {
  holds(
    t,
    fc.property(
      files,
      marks => marks.length === 0 || `${writePrints(readPrints(writePrints(marks)))}` === writePrints(marks),
    ),
  );
  t.deepEqual(readPrints('2:18 abc,20:1/3:4 def'), file('abc@2:18 def@20:1/3:4'));
});

test('a list that is too long is neither sent nor read', t => {
  const many = Array.from({length: 30_000}, (_, at) => ({place: `${at}:1`, text: 'abcdefghijk'}));
  t.is(writePrints(many), '');
  t.deepEqual(readPrints('2:1 a,'.repeat(100_000)), []);
});
