/**
 * The plots of the report, as Vega-Lite describes them.
 * Beneath `report`, which has them drawn; data only.
 */

import {ours} from './goals.js';
import {bare, subjects} from './plan.js';
import {type Measured, type Results, roundsOf, type Scale, summary} from './results.js';
import {inFlight} from './roads.js';
import {scales} from './tables.js';

export interface Plot {
  /** The name of its file, without the ending. */
  readonly name: string;
  /** For those who do not see it. */
  readonly alt: string;
  readonly spec: object;
}

type Row = Readonly<Record<string, string | number>>;

const look = {
  background: 'white',
  config: {
    // Labels for each mark would make half of the file.
    aria: false,
    font: 'sans-serif',
    axis: {labelFontSize: 11, labelLimit: 200, titleFontSize: 11, titleFontWeight: 'normal'},
    legend: {labelFontSize: 11, labelLimit: 200, title: null},
    title: {fontSize: 12, fontWeight: 'normal'},
    view: {stroke: null},
  },
};

export function plotsOf({questions, scale}: Results): Plot[] {
  return [...(questions ? ofQuestions(questions).filter(hasData) : []), ...(scale ? ofScale(scale) : [])];
}

function hasData({spec}: Plot): boolean {
  const {vconcat = [0]} = spec as {vconcat?: readonly unknown[]};
  return vconcat.length > 0;
}

function ofQuestions(measured: Measured): Plot[] {
  return [
    {name: 'calls', alt: 'Calls in a second over the calls in flight, for each library', spec: callsSpec(measured)},
    bars(measured, 'streams', 'Small objects in a second, for each library', {
      gathered: ['stream: objects', 'rate'],
      'one at a time': ['stream: objects each', 'rate'],
    }),
    bars(measured, 'large', 'Buffers in a second, for each library', {
      '64 KiB': ['stream: 64 KiB', 'rate'],
      '1 MiB': ['stream: 1 MiB', 'rate'],
    }),
    bars(measured, 'starts', 'Milliseconds from a start to the first reply, for each library', {
      'ms from a start to the first reply': ['spawn', 'ms'],
    }),
  ];
}

/** A line for each subject, a plot for each Node. */
function callsSpec({nodes, samples}: Measured): object {
  const plots = nodes.map(node => {
    const values = subjects.flatMap(({title}) =>
      inFlight.flatMap((count): Row[] => {
        const found = summary(roundsOf(samples, node, title, 'calls', `rate ${count}`));
        return found ? [{subject: title, 'in flight': count, 'calls/s': found.median}] : [];
      }),
    );
    const shown = [...new Set(values.map(({subject}) => subject as string))];
    return {
      title: `Node ${node}`,
      width: 300,
      height: 280,
      data: {values},
      mark: {type: 'line', point: true},
      encoding: {
        x: {field: 'in flight', type: 'quantitative', scale: {type: 'log'}, axis: {values: [...inFlight]}},
        y: {field: 'calls/s', type: 'quantitative', scale: {type: 'log'}, axis: {format: '~s', tickCount: 5}},
        color: {field: 'subject', type: 'nominal', scale: {domain: shown, range: shown.map(colourOf)}},
        strokeWidth: {condition: {test: `datum.subject === '${ours}'`, value: 4}, value: 1.5},
      },
    };
  });
  return {...look, hconcat: plots};
}

/** Ours stands out, and the limit stays in the background. */
function colourOf(title: string): string {
  if (title.startsWith(ours)) return title === ours ? '#d62728' : '#ff9896';
  if (title === bare) return '#999999';
  return palette[titles().indexOf(title) % palette.length] as string;
}

const palette = [
  ...['#1f77b4', '#aec7e8', '#ff7f0e', '#ffbb78', '#2ca02c', '#98df8a', '#9467bd', '#c5b0d5'],
  ...['#8c564b', '#e377c2', '#bcbd22', '#17becf'],
];

type Bars = Readonly<Record<string, readonly [probe: string, metric: string]>>;

/** Bars for each subject, with the spread of the rounds as a line: a row for each Node, a column for each probe. */
function bars({nodes, samples}: Measured, name: string, alt: string, columns: Bars): Plot {
  const rows = nodes.map(node => ({
    hconcat: Object.entries(columns).flatMap(([column, [probe, metric]]) => {
      const values = subjects.flatMap(({title}): Row[] => {
        const found = summary(roundsOf(samples, node, title, probe, metric));
        return found ? [{subject: title, ...found}] : [];
      });
      return values.length === 0
        ? []
        : barsOf(`${column}, Node ${node}`, metric === 'rate' ? 'in a second' : 'ms', values);
    }),
  }));
  return {name, alt, spec: {...look, vconcat: rows.filter(({hconcat}) => hconcat.length > 0)}};
}

function barsOf(title: string, unit: string, values: readonly Row[]): object {
  const x = {type: 'quantitative', axis: {title: unit, format: '~s'}};
  const color = {
    condition: [
      {test: `datum.subject === '${ours}'`, value: '#d6604d'},
      {test: `datum.subject === '${bare}'`, value: '#bdbdbd'},
    ],
    value: '#6baed6',
  };
  return {
    title,
    width: 260,
    height: {step: 17},
    data: {values},
    encoding: {y: {field: 'subject', type: 'nominal', sort: titles(), axis: {title: null}}},
    layer: [
      {mark: 'bar', encoding: {x: {field: 'median', ...x}, color}},
      {mark: {type: 'rule', color: '#333333'}, encoding: {x: {field: 'low', ...x}, x2: {field: 'high'}}},
    ],
  };
}

function titles(): string[] {
  return subjects.map(({title}) => title);
}

function ofScale({points}: Scale): Plot[] {
  return scales.map(scale => {
    const from = 'from' in scale ? scale.from : scale.name;
    const values = (points[from] ?? []).flatMap(point =>
      Object.entries(scale.metrics).flatMap(([metric, what]): Row[] =>
        point[metric] === undefined ? [] : [{size: point.size as number, what, cost: point[metric]}],
      ),
    );
    const y = 'isLog' in scale ? {scale: {type: 'log'}} : {scale: {zero: true}};
    const spec = {
      ...look,
      width: 420,
      height: 200,
      data: {values},
      mark: {type: 'line', point: true},
      encoding: {
        x: {field: 'size', type: 'quantitative', scale: {type: 'log'}, axis: {title: scale.size, format: '~s'}},
        y: {field: 'cost', type: 'quantitative', axis: {title: scale.unit, format: '~s'}, ...y},
        color: {field: 'what', type: 'nominal'},
      },
    };
    return {name: `scale-${scale.name}`, alt: `${scale.title}: ${scale.unit}, over their number`, spec};
  });
}
