/**
 * Adds up the memory and the processor time of all processes of a tree, and names the hosts on which its actors run.
 * Floor 10: below `ps` and `top`, and used by the page; pure.
 */
interface Counted {
  readonly pid: number;
  readonly host: string;
  readonly elsewhere?: true;
  readonly cpu?: number;
  readonly rss?: number;
}

/** Sums over the processes on the host of the root: the share of one core, and bytes. Of other hosts nothing is known. */
export function sumsOf(actors: readonly Counted[]): {readonly cpu: number; readonly rss: number} {
  // Actors of one process have the same usage. The pid of another host may be the same.
  const processes = [...new Map(actors.filter(({elsewhere}) => !elsewhere).map(actor => [actor.pid, actor])).values()];
  const sum = (of: 'cpu' | 'rss'): number => processes.reduce((all, actor) => all + (actor[of] ?? 0), 0);
  return {cpu: sum('cpu'), rss: sum('rss')};
}

/** The names of the other hosts on which actors run, in the order of the alphabet. */
export function otherHosts(actors: readonly Counted[]): string[] {
  const hosts = actors.flatMap(({elsewhere, host}) => (elsewhere && host !== '' ? [host] : []));
  return [...new Set(hosts)].sort();
}

/** ` on gpu1`, for an actor on another host. */
export const whereOf = ({elsewhere, host}: Pick<Counted, 'elsewhere' | 'host'>): string =>
  elsewhere && host !== '' ? ` on ${host}` : '';
