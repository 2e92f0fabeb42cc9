// Charts of one actor: processor, memory, values, what waits for room.
import type {JSX} from 'preact';
import {useEffect, useRef} from 'preact/hooks';
import uPlot from 'uplot';
import type {History} from './data.js';

/** A record has the first two. */
const charts = [
  ['Processor', '%', 'cpu', '--c1'],
  ['Memory', 'MB', 'rss', '--c2'],
  ['Values sent', 'a second', 'rate', '--c3'],
  ['Waits for room', 'KB', 'queued', '--c4'],
] as const;

interface ChartsProps {
  readonly history: History | undefined;
  readonly at: number;
  readonly isLive: boolean;
}

export function Charts({history, at, isLive}: ChartsProps): JSX.Element {
  if (!history || history.at.length < 2) return <p class="empty">Measurements come with the next looks.</p>;
  return (
    <div class="charts">
      {charts.slice(0, isLive ? 4 : 2).map(([title, unit, key, colour]) => (
        <Chart key={key} title={title} unit={unit} colour={colour} x={history.at} y={history[key]} at={at} />
      ))}
    </div>
  );
}

interface ChartProps {
  readonly title: string;
  readonly unit: string;
  readonly colour: string;
  readonly x: readonly number[];
  readonly y: readonly (number | null)[];
  readonly at: number;
}

function Chart({title, unit, colour, x, y, at}: ChartProps): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  useEffect(() => {
    const element = box.current as HTMLDivElement;
    const css = getComputedStyle(element);
    const ink = (name: string): string => css.getPropertyValue(name).trim();
    const axis = {
      stroke: ink('--dim'),
      grid: {stroke: ink('--line'), width: 1},
      ticks: {show: false},
      font: '11px system-ui',
    };
    const made = new uPlot(
      {
        width: element.clientWidth,
        height: 130,
        legend: {show: false},
        cursor: {y: false, points: {size: 6}},
        scales: {y: {range: (_plot, _low, high) => [0, Math.max(1, high * 1.15)]}},
        axes: [
          {...axis, space: 80},
          {...axis, size: 46, space: 30},
        ],
        series: [{}, {stroke: ink(colour), width: 2, fill: `${ink(colour)}22`, points: {show: false}}],
      },
      [[], []],
      element,
    );
    plot.current = made;
    const sizes = new ResizeObserver(() => made.setSize({width: element.clientWidth, height: 130}));
    sizes.observe(element);
    return () => {
      sizes.disconnect();
      made.destroy();
    };
  }, []);
  useEffect(() => plot.current?.setData([[...x], [...y]] as uPlot.AlignedData), [at, x.length, x]);
  const last = y.at(-1);
  return (
    <figure class="chart" role="img" aria-label={`${title}: ${shown(last)} ${unit}`}>
      <figcaption>
        {title} <b>{shown(last)}</b> <small>{unit}</small>
      </figcaption>
      <div ref={box} />
    </figure>
  );
}

const shown = (value: number | null | undefined): string =>
  value === null || value === undefined
    ? '–'
    : value >= 100
      ? String(Math.round(value))
      : value.toFixed(value < 10 ? 1 : 0);
