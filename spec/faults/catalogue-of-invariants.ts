// The rules that hold whatever happens (I1 to I11), and where it is looked at; and the seven things that the testing kit must show, with their
// specs. Below catalogue.ts, which checks that the specs are there; pages.ts prints both tables.
import type {Row} from './catalogue.js';

const row = (id: string, what: string, promise: string, ...cases: readonly string[]): Row => ({
  id,
  what,
  promise,
  cases,
});

const matrix = 'faults/matrix: T9, T17, C9: ';
const chaos = 'faults/chaos: T9, T10, T11, T17, ';
const soak = 'faults/soak: K62, M7: ';
const model = 'context/model/model: ';

export const invariantRows: readonly Row[] = [
  row('I1', 'everybody who waits is told once', 'each wait; the ends of each Observable', matrix, chaos, model),
  row('I2', 'nothing comes behind an end', 'each Observable', matrix, chaos, model),
  row(
    'I3',
    'what comes is an exact prefix of what was sent',
    'each value; the counts of both ends',
    matrix,
    chaos,
    soak,
  ),
  row(
    'I4',
    'no more than the windows allow is on its way',
    'every 50 ms in each process: what was sent, what was granted, what waits',
    chaos,
    soak,
    model,
  ),
  row('I5', 'no process is left', 'the processes of the system, by tree', matrix, chaos, soak),
  row(
    'I6',
    'no descriptor, socket, timer, context or folder is left',
    'after each case; at the end by `assertNothingLeft`; in each second',
    matrix,
    chaos,
    soak,
  ),
  row('I7', 'the error is one of those that a fault may be told as', 'each error, and what it holds', matrix, chaos),
  row('I8', 'nothing waits for ever', '60 s without an end count as a hang', matrix, chaos),
  row('I9', 'no error is left uncaught', 'in each process', matrix, chaos, soak),
  row(
    'I10',
    'the terminal is as it was',
    'the prompt alone has it: faults at the prompt',
    'debugger/ends: when whoever is at the prompt is killed',
  ),
  row(
    'I11',
    'nobody else notices',
    'a witness with calls and a stream beside all faults; four streams',
    matrix,
    chaos,
    soak,
  ),
];

export const kitRows: readonly Row[] = [
  row(
    '1',
    'one seed gives one run',
    '1 000 seeds, two processes at a time, one hash',
    'testing/soak: 1 000 seeds give one hash',
  ),
  row(
    '2',
    'planted faults are found, and reduced to ten choices',
    'on demand: `RXTRACTOR_HUNT=1`; in CI that each can still be planted',
    "testing/mutants: huntsAll('the library'",
    'testing/explore: a fault that is planted in a program is found',
  ),
  row(
    '3',
    'rules of C, X, S and F that need no process, in both orders of messages that cross',
    'each outcome shows, and no other; the seed and the failing schedule are printed, ready to paste',
    'testing/rules: test.serial(rule.title',
    'testing/rules: an outcome that no rule allows fails with its seed',
  ),
  row(
    '4',
    'marbles cross actors',
    'stream, operator, context, pool.map, retry after a kill',
    'testing/marbles: a stream of another actor',
    'testing/marbles: a pool, with promises',
    'testing/marbles: retry after a kill',
  ),
  row(
    '5',
    'what is left is listed',
    'a failing case for each kind of thing',
    'testing/nothing-left: what is left is listed',
  ),
  row(
    '6',
    'a simulation leaves nothing behind',
    'the globals are what they were, after a failure too; 100 runs leave the memory level',
    'testing/simulate: a simulation that fails gives everything back',
    'testing/soak: a hundred simulations',
  ),
  row('7', 'many seeds are quick', '10 000 seeds with faults', 'testing/soak: 10 000 seeds with faults'),
];
