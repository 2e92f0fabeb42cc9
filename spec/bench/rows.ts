/**
 * The rows of the report: which figure of which probe, beside which of the bare socket, and what the sketch of the design reached.
 * Read by `main`; data only.
 */

export interface Row {
  readonly title: string;
  readonly unit: string;
  /** Probe and metric, for every subject that has the probe. */
  readonly probe: string;
  readonly metric: string;
  readonly better: 'lower' | 'higher';
  /** The bare socket's figure that it is held against. Default: the same probe and metric. */
  readonly bare?: readonly [probe: string, metric: string];
  /**
   * The sketch's figure with msgpackr and with msgpack-lite. `bare`: the bare one of that run, to compare the ratios and
   * not the machines; where it is missing the figures themselves are compared.
   */
  readonly sketch?: {readonly msgpackr: number; readonly lite: number; readonly bare?: number};
}

/** The limit of everything that consists of small messages: 16 B each, gathered. */
const small = ['small', 'rate'] as const;

export const rows: readonly Row[] = [
  {title: 'call, p50', unit: 'µs', probe: 'call', metric: 'p50', better: 'lower'},
  {
    title: 'call, best tenth of a second',
    unit: 'µs',
    probe: 'call',
    metric: 'best',
    better: 'lower',
    sketch: {msgpackr: 23, lite: 33, bare: 13.5},
  },
  {title: 'calls, 64 in flight', unit: '1/s', probe: 'calls 64', metric: 'rate', better: 'higher'},
  {
    title: 'calls, 256 in flight',
    unit: '1/s',
    probe: 'calls 256',
    metric: 'rate',
    better: 'higher',
    sketch: {msgpackr: 398_000, lite: 171_000},
  },
  {
    title: 'stream, small objects, iterable',
    unit: '1/s',
    probe: 'gathered',
    metric: 'rate',
    better: 'higher',
    bare: small,
    sketch: {msgpackr: 1_500_000, lite: 470_000},
  },
  {
    title: 'the same, window 4096',
    unit: '1/s',
    probe: 'gathered 4096',
    metric: 'rate',
    better: 'higher',
    bare: small,
    sketch: {msgpackr: 1_500_000, lite: 470_000},
  },
  {title: 'stream, async generator', unit: '1/s', probe: 'async source', metric: 'rate', better: 'higher', bare: small},
  {title: 'stream, Observable', unit: '1/s', probe: 'pushed', metric: 'rate', better: 'higher', bare: small},
  {
    title: 'stream, await send() each',
    unit: '1/s',
    probe: 'one at a time',
    metric: 'rate',
    better: 'higher',
    bare: small,
    sketch: {msgpackr: 850_000, lite: 320_000},
  },
  {
    title: 'stream, buffers of 64 KiB',
    unit: 'MB/s',
    probe: 'buffers',
    metric: 'rate',
    better: 'higher',
    sketch: {msgpackr: 1_654, lite: 1_733, bare: 2_450},
  },
  ...(['nothing', 'buffers', 'binary down', 'binary up', 'objects down', 'objects up'] as const).flatMap(load => {
    const beside = {unit: 'ms', probe: `beside ${load}`, better: 'lower'} as const;
    return [
      {title: `small call beside ${load}, p50`, metric: 'p50', ...beside},
      {title: `small call beside ${load}, p99`, metric: 'p99', ...beside},
      {title: `longest turn of the caller, ${load}`, metric: 'turn', ...beside},
      {title: `longest turn of the actor, ${load}`, metric: 'actor turn', ...beside},
      {title: `small call to another actor beside ${load}, p99`, metric: 'other p99', ...beside},
    ];
  }),
  {
    title: 'spawn to first reply',
    unit: 'ms',
    probe: 'spawn',
    metric: 'ms',
    better: 'lower',
    sketch: {msgpackr: 154, lite: 191, bare: 31.5},
  },
  {title: 'the first of a process', unit: 'ms', probe: 'spawn', metric: 'first', better: 'lower'},
  {
    title: 'spawn, module imports rxjs',
    unit: 'ms',
    probe: 'spawn rxjs',
    metric: 'ms',
    better: 'lower',
    bare: ['spawn', 'ms'],
  },
  {title: 'ten at once to first replies', unit: 'ms', probe: 'spawn ten', metric: 'ms', better: 'lower'},
  {title: 'ten idle actors ended', unit: 'ms', probe: 'teardown', metric: 'ms', better: 'lower'},
  {title: 'one of ten throws: parent knows', unit: 'ms', probe: 'one fails', metric: 'seen', better: 'lower'},
  {
    title: 'call to a found actor, p50',
    unit: 'µs',
    probe: 'found',
    metric: 'found',
    better: 'lower',
    bare: ['call', 'p50'],
  },
  {
    title: 'the same caller, to its child',
    unit: 'µs',
    probe: 'found',
    metric: 'child',
    better: 'lower',
    bare: ['call', 'p50'],
  },
  {title: 'found by name, of 1 000, at the root', unit: '1/s', probe: 'names', metric: 'root', better: 'higher'},
  {title: 'found by name from a child', unit: '1/s', probe: 'names', metric: 'child', better: 'higher'},
  {title: 'asked in vain from a child', unit: '1/s', probe: 'names', metric: 'vain', better: 'higher'},
  {
    title: 'one of ten throws: all gone',
    unit: 'ms',
    probe: 'one fails',
    metric: 'gone',
    better: 'lower',
    bare: ['teardown', 'ms'],
  },
];
