/**
 * A process that takes a profile of itself: which functions its processor time went into.
 * Beneath `profiled`; used in both ends.
 */
import {type Profiler, Session} from 'node:inspector';

export interface Share {
  readonly what: string;
  readonly percent: number;
}

const session = new Session();
const intervalUs = 200;

export async function startProfile(): Promise<void> {
  session.connect();
  await post('Profiler.enable');
  await post('Profiler.setSamplingInterval', {interval: intervalUs});
  await post('Profiler.start');
}

export async function stopProfile(): Promise<Share[]> {
  const {profile} = (await post('Profiler.stop')) as Profiler.StopReturnType;
  session.disconnect();
  return sharesOf(profile);
}

/** By function, the largest first; time in which nothing was to be done does not count. */
export function sharesOf({nodes, samples = [], timeDeltas = []}: Profiler.Profile): Share[] {
  const names = new Map(nodes.map(({id, callFrame}) => [id, nameOf(callFrame)]));
  const times = new Map<string, number>();
  for (const [i, id] of samples.entries()) {
    const name = names.get(id) ?? '';
    if (name !== '(idle)') times.set(name, (times.get(name) ?? 0) + (timeDeltas[i] ?? 0));
  }
  const all = [...times.values()].reduce((sum, time) => sum + time, 0);
  return [...times].map(([what, time]) => ({what, percent: (time / all) * 100})).sort((a, b) => b.percent - a.percent);
}

function nameOf({functionName, url}: {functionName: string; url: string}): string {
  const name = functionName === '' ? 'a function without a name' : functionName;
  const file = url.startsWith('node:') ? url : url.split('/').at(-1);
  return file ? `${name} of ${file}` : name;
}

function post(method: string, params?: object): Promise<unknown> {
  return new Promise((resolve, reject) => {
    session.post(method, params as never, (error: Error | null, result?: object) =>
      error ? reject(error) : resolve(result),
    );
  });
}
