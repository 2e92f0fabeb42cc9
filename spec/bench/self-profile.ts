/**
 * A process that takes a profile of itself: which functions its processor time went into, and which parts of the library.
 * Beneath `profiled`; used in both ends.
 */
import type {Profiler} from 'node:inspector';
import {ask, session} from './inspected.js';
import {type Place, placeOf} from './places.js';

export interface Share {
  readonly what: string;
  readonly percent: number;
}

export interface Shares {
  /** By part: a floor of the library, the kernel, the collector; the largest first. */
  readonly parts: readonly Share[];
  /** By function, the largest first. */
  readonly functions: readonly Share[];
}

/** From when to when, in µs of the clock that all processes of a machine share. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export const intervalUs = 200;
/** A sample is late where the machine does something else. The function has not run for all of that time. */
const longestUs = 3 * intervalUs;
const always: Span = {from: 0, to: Number.POSITIVE_INFINITY};

export async function startProfile(): Promise<void> {
  session.connect();
  await ask('Profiler.enable');
  await ask('Profiler.setSamplingInterval', {interval: intervalUs});
  await ask('Profiler.start');
}

/** @param spans only what happened then */
export async function stopProfile(spans: readonly Span[] = [always]): Promise<Shares> {
  const {profile} = (await ask('Profiler.stop')) as Profiler.StopReturnType;
  session.disconnect();
  return sharesOf(spans.map(span => ({profile, span})));
}

/** The shares of each part in all samples within the spans. Time in which nothing was to be done does not count. */
export function sharesOf(profiles: readonly {readonly profile: Profiler.Profile; readonly span: Span}[]): Shares {
  const byPart = new Map<string, number>();
  const byFunction = new Map<string, number>();
  for (const {profile, span} of profiles)
    for (const {place, time} of samplesOf(profile, span)) {
      byPart.set(place.part, (byPart.get(place.part) ?? 0) + time);
      byFunction.set(place.name, (byFunction.get(place.name) ?? 0) + time);
    }
  return {parts: inPercent(byPart), functions: inPercent(byFunction)};
}

function* samplesOf(
  {nodes, samples = [], timeDeltas = [], startTime}: Profiler.Profile,
  {from, to}: Span,
): Generator<{place: Place; time: number}> {
  const places = new Map(nodes.map(({id, callFrame}) => [id, placeOf(callFrame)]));
  let now = startTime;
  for (const [i, id] of samples.entries()) {
    const delta = timeDeltas[i] ?? 0;
    now += delta;
    const place = places.get(id);
    if (place && now >= from && now <= to) yield {place, time: Math.min(longestUs, delta)};
  }
}

function inPercent(times: ReadonlyMap<string, number>): Share[] {
  const all = [...times.values()].reduce((sum, time) => sum + time, 0);
  return [...times].map(([what, time]) => ({what, percent: (time / all) * 100})).sort((a, b) => b.percent - a.percent);
}
