/**
 * `npm run bench`: rxtractor beside the bare socket, and Node's own channels, in interleaved rounds; one table at the end.
 * Above `probe`, which it starts once for each subject, row and round.
 *
 * ```
 * --rounds N      how often each is measured: 3
 * --codec NAME    msgpackr, msgpack-lite, or both (default)
 * --only TEXT     rows whose title or probe contains it; may be given often
 * --json          one object instead of the table
 * ```
 * Nothing here fails for being slow. Compare ratios within one run: two runs see two machines.
 */
import {execFile} from 'node:child_process';
import {availableParallelism} from 'node:os';
import {fileURLToPath} from 'node:url';
import {parseArgs, promisify} from 'node:util';
import {type Figures, median} from './measure.js';
import {type Row, rows} from './rows.js';

interface Subject {
  readonly title: string;
  readonly subject: string;
  readonly codec?: 'msgpackr' | 'msgpack-lite';
  /** Whether it has the probe at all. */
  readonly has: (probe: string) => boolean;
}

/** Figures of all rounds, by subject, probe and metric. */
type Samples = Map<string, number[]>;

const {values: options} = parseArgs({
  options: {
    rounds: {type: 'string', default: '3'},
    codec: {type: 'string', default: 'both'},
    only: {type: 'string', multiple: true, default: []},
    json: {type: 'boolean', default: false},
  },
});
const rounds = Number(options.rounds);
if (!Number.isInteger(rounds) || rounds < 1) throw new TypeError('--rounds takes a number from 1 on');
if (!['msgpackr', 'msgpack-lite', 'both'].includes(options.codec))
  throw new TypeError('--codec is msgpackr, msgpack-lite or both');

const isCall = (probe: string): boolean => probe.startsWith('call');
const bareProbes = new Set(['call', 'calls 64', 'calls 256', 'small', 'buffers', 'spawn', 'spawn ten', 'teardown']);
const codecs = (['msgpackr', 'msgpack-lite'] as const).filter(
  name => options.codec === 'both' || options.codec === name,
);
const subjects: readonly Subject[] = [
  {title: 'bare', subject: 'bare', has: probe => bareProbes.has(probe)},
  ...codecs.map(codec => ({title: codec, subject: 'ours', codec, has: (probe: string) => probe !== 'small'})),
  {title: 'ipc json', subject: 'ipc json', has: isCall},
  {title: 'ipc adv.', subject: 'ipc advanced', has: isCall},
  {title: 'worker', subject: 'worker', has: isCall},
];

const wanted = rows.filter(
  ({title, probe}) =>
    options.only.length === 0 || options.only.some(text => title.includes(text) || probe.includes(text)),
);
const samples = await measureAll();
console.log(options.json ? asJson() : asTable());

async function measureAll(): Promise<Samples> {
  const gathered: Samples = new Map();
  const probes = new Set(wanted.flatMap(row => [row.probe, bareOf(row)[0]]));
  for (let round = 1; round <= rounds; round++) {
    for (const probe of probes) {
      for (const subject of subjects) {
        if (!subject.has(probe)) continue;
        if (process.stderr.isTTY) process.stderr.write(`\r\x1b[Kround ${round}: ${probe}, ${subject.title}`);
        const figures = await measure(subject, probe);
        for (const [metric, figure] of Object.entries(figures)) {
          const key = keyOf(subject.title, probe, metric);
          gathered.set(key, [...(gathered.get(key) ?? []), figure]);
        }
      }
    }
  }
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  return gathered;
}

async function measure({subject, codec}: Subject, probe: string): Promise<Figures> {
  // Certificates are read at each start of Node: 40 to 75 ms that are none of our doing.
  const {NODE_EXTRA_CA_CERTS: _certificates, RXTRACTOR_CODEC: _codec, ...env} = process.env;
  const {stdout} = await promisify(execFile)(
    process.execPath,
    [fileURLToPath(new URL('probe.js', import.meta.url)), subject, probe],
    {env: {...env, ...(codec && {RXTRACTOR_CODEC: codec})}},
  );
  return JSON.parse(stdout) as Figures;
}

function asTable(): string {
  const columns = subjects.map(({title}) => title);
  const head = ['', 'unit', ...columns, ...codecs.flatMap(codec => [`${codec} / bare`, 'of sketch'])];
  const lines = wanted.map(row => [
    row.title,
    row.unit,
    ...columns.map(column => cell(row, column)),
    ...codecs.flatMap(codec => [text(ratio(row, codec)), text(ofSketch(row, codec))]),
  ]);
  return `${align([head, ...lines])}

Medians of ${rounds} rounds (the best of the rounds in brackets); Node ${process.versions.node}, ${availableParallelism()} cores.
/ bare: beside the bare socket of this run. of sketch: beside what the sketch of the design reached (the ratio where it has a bare one, else the figure); more is better.`;
}

function cell(row: Row, column: string): string {
  const own = figuresOf(row, column);
  return own.length === 0 ? '' : `${short(median(own))} (${short(bestOf(row, own))})`;
}

function asJson(): string {
  return JSON.stringify({
    node: process.versions.node,
    cores: availableParallelism(),
    rounds,
    rows: wanted.map(row => ({
      title: row.title,
      unit: row.unit,
      better: row.better,
      figures: Object.fromEntries(subjects.map(({title}) => [title, figuresOf(row, title)])),
      toBare: Object.fromEntries(codecs.map(codec => [codec, ratio(row, codec) ?? null])),
      ofSketch: Object.fromEntries(codecs.map(codec => [codec, ofSketch(row, codec) ?? null])),
    })),
  });
}

/** Medians; but for what is called best, the best. */
function figureOf(row: Row, figures: readonly number[]): number | undefined {
  if (figures.length === 0) return undefined;
  return row.metric === 'best' ? bestOf(row, figures) : median(figures);
}

function ratio(row: Row, codec: string): number | undefined {
  const own = figureOf(row, figuresOf(row, codec));
  const bare = figureOf(row, samples.get(keyOf('bare', ...bareOf(row))) ?? []);
  return own === undefined || bare === undefined ? undefined : own / bare;
}

/** What is reached of the sketch's own ratio to its bare socket, or else of its figure: 1 is as good. */
function ofSketch(row: Row, codec: string): number | undefined {
  const {sketch} = row;
  if (!sketch) return undefined;
  const own = sketch.bare === undefined ? figureOf(row, figuresOf(row, codec)) : ratio(row, codec);
  if (own === undefined) return undefined;
  const reached = own / ((codec === 'msgpackr' ? sketch.msgpackr : sketch.lite) / (sketch.bare ?? 1));
  return row.better === 'higher' ? reached : 1 / reached;
}

/** The bare column of a row that is held against another probe shows that one. */
function figuresOf(row: Row, title: string): readonly number[] {
  const [probe, metric] = title === 'bare' ? bareOf(row) : [row.probe, row.metric];
  return samples.get(keyOf(title, probe, metric)) ?? [];
}

function bareOf(row: Row): readonly [probe: string, metric: string] {
  return row.bare ?? [row.probe, row.metric];
}

function bestOf(row: Row, figures: readonly number[]): number {
  return row.better === 'lower' ? Math.min(...figures) : Math.max(...figures);
}

function keyOf(subject: string, probe: string, metric: string): string {
  return `${subject} / ${probe} / ${metric}`;
}

function short(value: number): string {
  if (value >= 1e6) return `${(value / 1e6).toFixed(2)} M`;
  if (value >= 1e4) return `${Math.round(value / 1e3)} k`;
  return value >= 100 ? value.toFixed(0) : value.toFixed(1);
}

function text(value: number | undefined): string {
  return value === undefined ? '' : value.toFixed(value < 0.1 ? 3 : 2);
}

function align(lines: readonly (readonly string[])[]): string {
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map(line => line[column]?.length ?? 0)));
  return lines
    .map(line =>
      line
        .map((entry, column) => (column < 2 ? entry.padEnd(widths[column] ?? 0) : entry.padStart(widths[column] ?? 0)))
        .join('  '),
    )
    .join('\n');
}
