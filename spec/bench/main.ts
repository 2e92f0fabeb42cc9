/**
 * `npm run bench`: rxtractor beside the bare socket, Node's own channels and other libraries, in interleaved rounds; writes
 * docs/explain/performance.md, its plots, and the figures that they are made of.
 * Above everything here: `questions`, `scale`, `instructions` and `profiles` measure; `page` writes.
 *
 * ```
 * (nothing)         the questions, on this Node and on the newest one: up to 15 minutes
 * --quick           the questions in 3 minutes, on this Node
 * --scale           what a unit costs as its number grows; the questions are kept as they were
 * --instructions    instructions of a call and of a value, by valgrind; likewise
 * --profiles        where the processor's time goes; likewise
 * --all             the questions and these three
 * --compare [FILE]  measures what the goals need, and prints what has become worse than in FILE (default: the figures beside the page)
 * --node PATH       another Node; may be given often. Default: this one, and the newest
 * --only TEXT       probes whose name contains it, in the terminal alone; may be given often
 * --subject TEXT    subjects whose title contains it, in the terminal alone; may be given often
 * --rounds N        how often each is measured at most: 5
 * --minutes N       no round is begun that would end later: 15
 * ```
 * Nothing here fails for being slow, and a peer that fails or hangs is named in the report.
 */
import {existsSync} from 'node:fs';
import {parseArgs} from 'node:util';
import {compareWith} from './compare.js';
import {installPeers} from './install.js';
import {measureInstructions} from './instructions.js';
import {newestNode} from './plan.js';
import {measureProfiles} from './profiles.js';
import {measureQuestions, type Options, versionOf} from './questions.js';
import {figuresFile, readResults, writeReport} from './report.js';
import type {Results} from './results.js';
import {measureScale} from './run-scale.js';
import {beforeOf, outcomesText, samplesText} from './text.js';

const {values: given, positionals} = parseArgs({
  allowPositionals: true,
  options: {
    quick: {type: 'boolean', default: false},
    scale: {type: 'boolean', default: false},
    instructions: {type: 'boolean', default: false},
    profiles: {type: 'boolean', default: false},
    all: {type: 'boolean', default: false},
    compare: {type: 'boolean', default: false},
    node: {type: 'string', multiple: true, default: []},
    only: {type: 'string', multiple: true, default: []},
    subject: {type: 'string', multiple: true, default: []},
    rounds: {type: 'string'},
    minutes: {type: 'string'},
  },
});

// What is measured is what users get: the modules of the library joined.
if (!existsSync(new URL('../../lib/joined/', import.meta.url)))
  throw new Error('this build has the modules of the library apart: node .ci/setup.mjs --rebuild');
const missing = await installPeers();
if (missing !== undefined) console.error(`The packages of the peers cannot be installed: ${missing}`);
const {quick, all} = given;
const newest = newestNode();
const nodes = given.node.length > 0 ? given.node : [process.execPath, ...(newest && !quick ? [newest] : [])];
const options: Options = {
  nodes,
  rounds: count('rounds', given.rounds ?? (quick ? '3' : '5')),
  minutes: count('minutes', given.minutes ?? (quick ? '3' : '15')),
  pace: quick ? [100, 150] : [250, 300],
  only: given.only,
  subjects: given.subject,
  goalsAlone: given.compare,
  ...(missing !== undefined && {withoutPeers: missing}),
};
const [firstNode = process.execPath] = nodes;

if (given.compare) {
  const measured = await measureQuestions(options);
  console.log(compareWith(readResults(positionals[0] ?? figuresFile), measured));
} else if (given.only.length > 0 || given.subject.length > 0) {
  console.log(samplesText(await measureQuestions(options)));
} else {
  const parts = {scale: given.scale || all, instructions: given.instructions || all, profiles: given.profiles || all};
  const isQuestions = all || !Object.values(parts).some(Boolean);
  if (isQuestions) await keep('questions', () => measureQuestions(options));
  if (parts.scale) await keep('scale', () => measureScale(firstNode));
  if (parts.instructions) await keep('instructions', () => measureInstructions(firstNode, versionOf(firstNode)));
  if (parts.profiles) await keep('profiles', () => measureProfiles(nodes));
}

/** Writes the report after each part: one that fails takes nothing with it. */
async function keep<K extends keyof Results>(part: K, measure: () => Promise<NonNullable<Results[K]>>): Promise<void> {
  try {
    const found: Results = {[part]: await measure()};
    const known = readResults(figuresFile);
    const before = found.questions && known.questions && beforeOf(known.questions);
    const path = await writeReport({...known, ...(before && {before}), ...found});
    if (found.questions) console.log(outcomesText(found.questions));
    console.log(`${part}: written to ${path}`);
  } catch (error) {
    console.error(`${part}: ${(error as Error).message}`);
    process.exitCode = 1;
  }
}

function count(name: string, text: string): number {
  const number = Number(text);
  if (!(number > 0)) throw new TypeError(`--${name} takes a number above 0`);
  return number;
}
