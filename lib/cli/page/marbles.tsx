// Marbles: what leaves one end of a stream, and what comes to the other, over the same time. A line joins what has one number.
import type {JSX} from 'preact';
import {useEffect, useRef, useState} from 'preact/hooks';
import {type Lane, Lanes, latestOf, type Passed, type Span, spanOf, spanUs} from '../mark-lanes.js';
import type {Mark} from './data.js';

/** The pause between two changes of the texts, in ms. */
const textMs = 500;

export function Marbles({actor, nameOf}: {readonly actor: string; nameOf(id: string): string}): JSX.Element {
  const lanes = useRef(new Lanes());
  /** How far the clock of the host is ahead of the one of the page, in µs. The newest mark is now. */
  const ahead = useRef(0);
  const [shown, show] = useState<readonly Lane[]>([]);
  const [over, setOver] = useState<string>();
  useEffect(() => {
    const source = new EventSource(`marks?actor=${encodeURIComponent(actor)}`);
    source.addEventListener('data', ({data}) => {
      lanes.current.add(JSON.parse(data) as Mark[]);
      ahead.current = Math.max(ahead.current, lanes.current.latest - performance.now() * 1_000);
    });
    source.addEventListener('over', ({data}) => {
      source.close();
      setOver(String(JSON.parse(data).why ?? 'the actor has ended'));
    });
    const look = setInterval(() => show(lanes.current.at(performance.now() * 1_000 + ahead.current)), textMs);
    return () => {
      source.close();
      clearInterval(look);
      lanes.current = new Lanes();
    };
  }, [actor]);
  if (over !== undefined) return <p class="empty">{over}</p>;
  if (shown.length === 0) return <p class="empty">No values have gone through its streams in the last five seconds.</p>;
  return (
    <div class="marbles">
      {shown.map(lane => (
        <LaneView key={lane.key} lane={lane} ahead={ahead} nameOf={nameOf} />
      ))}
    </div>
  );
}

interface LaneProps {
  readonly lane: Lane;
  readonly ahead: {readonly current: number};
  nameOf(id: string): string;
}

const nothing: Span = {out: [], in: [], rate: 0, isDense: false};

function LaneView({lane, ahead, nameOf}: LaneProps): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [{span, pairs}, setDrawn] = useState({span: nothing, pairs: 0});
  useEffect(() => {
    const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    let request = 0;
    let toldAt = Number.NEGATIVE_INFINITY;
    const frame = (time: number): void => {
      request = requestAnimationFrame(frame);
      const isTold = time - toldAt >= textMs;
      if (!canvas.current || (calm && !isTold)) return;
      const right = time * 1_000 + ahead.current;
      const seen = spanOf(lane, right);
      const drawn = draw(canvas.current, seen, right);
      if (!isTold) return;
      toldAt = time;
      setDrawn({span: seen, pairs: drawn});
    };
    request = requestAnimationFrame(frame);
    return () => cancelAnimationFrame(request);
  }, [lane]);
  const [from, to] = [nameOf(lane.from), nameOf(lane.to)];
  return (
    <figure class="lane">
      <figcaption>
        <b>{lane.fn}</b> {from} → {to} <small>{span.rate} values a second</small>
      </figcaption>
      <canvas
        ref={canvas}
        role="img"
        aria-label={`${lane.fn}: ${from} to ${to}, ${span.rate} values a second`}
        data-pairs={pairs}
      />
      {!span.isDense && <Latest values={latestOf(span, 3)} />}
    </figure>
  );
}

const Latest = ({values}: {readonly values: readonly Passed[]}): JSX.Element => (
  <ul class="latest" aria-label="Latest values">
    {values.map(({seq, type, bytes, preview, tookMs}) => (
      <li key={seq}>
        <b>{seq}</b> {type}, {bytes} bytes{tookMs !== undefined && `, on its way for ${tookMs.toFixed(1)} ms`}
        {preview !== undefined && <code>{preview}</code>}
      </li>
    ))}
  </ul>
);

const [top, bottom, height] = [20, 64, 84];

/** Draws the last five seconds. Returns how many values it has joined. */
function draw(canvas: HTMLCanvasElement, {out, in: come, isDense}: Span, right: number): number {
  const {pen, width, ink} = penOf(canvas);
  const left = 40;
  const x = (us: number): number => left + ((us - right) / spanUs + 1) * (width - left - 10);
  pen.fillStyle = ink('--dim');
  pen.fillText('sent', 0, top);
  pen.fillText('came', 0, bottom);
  pen.strokeStyle = ink('--line');
  for (const y of [top, bottom]) line(pen, left, y, width, y);
  const ends = [
    [out, top, ink('--c1')],
    [come, bottom, ink('--c3')],
  ] as const;
  if (isDense) {
    for (const [marks, y, colour] of ends) density(pen, marks, x, y, colour, width);
    return 0;
  }
  pen.strokeStyle = ink('--join');
  const pairs = pairsOf(out, come);
  for (const [sentAt, cameAt] of pairs) line(pen, x(sentAt), top, x(cameAt), bottom);
  const radius = radiusOf(Math.max(out.length, come.length), width - left);
  for (const [marks, y, colour] of ends)
    for (const {seq, count, us} of marks) {
      disc(pen, x(us), y, radius, colour);
      if (radius === maxRadius) number(pen, x(us), y, seq + count - 1, ink('--panel'));
    }
  return pairs.length;
}

interface Pen {
  readonly pen: CanvasRenderingContext2D;
  readonly width: number;
  ink(name: string): string;
}

/** A clean sheet, in the pixels of the screen. */
function penOf(canvas: HTMLCanvasElement): Pen {
  const [width, scale] = [canvas.clientWidth, devicePixelRatio];
  const [pixels, rows] = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== pixels) canvas.width = pixels;
  if (canvas.height !== rows) canvas.height = rows;
  const pen = canvas.getContext('2d') as CanvasRenderingContext2D;
  const css = getComputedStyle(canvas);
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, width, height);
  pen.font = '11px system-ui';
  pen.textBaseline = 'middle';
  return {pen, width, ink: name => css.getPropertyValue(name).trim()};
}

/** When each value has left and come, of those that are known at both ends. */
function pairsOf(out: readonly Mark[], come: readonly Mark[]): [sentAt: number, cameAt: number][] {
  const sentAt = new Map<number, number>();
  for (const {seq, count, us} of out) for (let at = 0; at < count; at++) sentAt.set(seq + at, us);
  return come.flatMap(({seq, count, us}) =>
    Array.from({length: count}, (_, at) => sentAt.get(seq + at)).flatMap((begun): [number, number][] =>
      begun === undefined ? [] : [[begun, us]],
    ),
  );
}

function line(pen: CanvasRenderingContext2D, x1: number, y1: number, x2: number, y2: number): void {
  pen.beginPath();
  pen.moveTo(x1, y1);
  pen.lineTo(x2, y2);
  pen.stroke();
}

/** A disc of the largest size has room for the last two digits of a number. */
const [minRadius, maxRadius] = [3, 8];

/** Many marbles are small, so that they do not cover one another. */
const radiusOf = (count: number, width: number): number =>
  Math.min(maxRadius, Math.max(minRadius, Math.floor(width / count / 2)));

function disc(pen: CanvasRenderingContext2D, x: number, y: number, radius: number, colour: string): void {
  pen.beginPath();
  pen.fillStyle = colour;
  pen.arc(x, y, radius, 0, 2 * Math.PI);
  pen.fill();
}

function number(pen: CanvasRenderingContext2D, x: number, y: number, seq: number, colour: string): void {
  pen.fillStyle = colour;
  pen.textAlign = 'center';
  pen.font = '600 9px system-ui';
  pen.fillText(String(seq % 100), x, y + 0.5);
  pen.textAlign = 'start';
}

function density(
  pen: CanvasRenderingContext2D,
  marks: readonly Mark[],
  x: (us: number) => number,
  y: number,
  colour: string,
  width: number,
): void {
  const bars = new Float64Array(Math.ceil(width / 4) + 1);
  for (const {us, count} of marks) {
    const bar = Math.floor(x(us) / 4);
    bars[bar] = (bars[bar] ?? 0) + count;
  }
  const most = Math.max(...bars, 1);
  pen.fillStyle = colour;
  for (const [at, bar] of bars.entries()) {
    const height = (bar / most) * 30;
    if (bar > 0) pen.fillRect(at * 4, y + 14 - height, 3, height);
  }
}
