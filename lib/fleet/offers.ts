/**
 * Which of the hosts that are there is to get an actor, and why the others are not. Pure functions.
 * Floor 6: below `hosts-of-root`, which asks the chosen ones in their order.
 */
import {SpawnFailed} from '../base/errors.js';
import {textOf, thrownText} from '../base/foreign.js';
import type {HostChoice, HostInfo} from './host-info.js';

/** A host that could get the actor. */
export interface Offer {
  readonly info: HostInfo;
  /** Orders that this program has sent there since the host was heard last: it has not counted them yet. */
  readonly underWay: number;
  /** Whether the host is not heard now. It is asked last. */
  readonly isSilent: boolean;
}

export interface Refusal {
  readonly host: string;
  readonly refused: string;
}

/** The needs of an actor, by which its host is chosen. */
export interface Need {
  /** For the text of an error. */
  readonly name: string;
  /** Not an address. */
  readonly wanted: HostChoice;
  /** The app of its modules. Hosts that run another one are asked last: the daemon has the last word. Undefined: not known. */
  readonly app: string | undefined;
}

export interface Choice<T extends Offer> {
  /** The best one first. */
  readonly chosen: readonly T[];
  readonly refused: readonly Refusal[];
}

interface Scored<T> {
  readonly offer: T;
  readonly isOfApp: boolean;
  readonly score: number;
  readonly fullness: number;
  readonly chance: number;
}

/**
 * @param chance a number below 1 for each offer: where offers are equal, programs that choose at the same moment take different ones
 * @throws SpawnFailed `place` when the function of the user throws
 */
export function chooseOffers<T extends Offer>(offers: readonly T[], need: Need, chance: () => number): Choice<T> {
  const refused: Refusal[] = [];
  const scored: Scored<T>[] = [];
  for (const offer of offers) {
    const {info, underWay} = offer;
    const answer = judge(offer, need);
    if (typeof answer === 'string') refused.push({host: info.name, refused: answer});
    else
      scored.push({
        offer,
        isOfApp: need.app === undefined || info.apps.some(({name}) => name === need.app),
        score: answer,
        fullness: (info.actors + underWay) / Math.max(1, info.maxActors),
        chance: chance(),
      });
  }
  const chosen = scored.toSorted(
    (a, b) =>
      Number(b.isOfApp) - Number(a.isOfApp) ||
      Number(a.offer.isSilent) - Number(b.offer.isSilent) ||
      b.score - a.score ||
      a.fullness - b.fullness ||
      a.chance - b.chance,
  );
  return {chosen: chosen.map(({offer}) => offer), refused};
}

/** How good the host is, or why it is not taken. */
function judge({info, underWay}: Pick<Offer, 'info' | 'underWay'>, need: Need): number | string {
  const {wanted} = need;
  if (typeof wanted === 'string' && wanted !== 'any' && info.name !== wanted) return `its name is ${info.name}`;
  if (info.draining) return 'it is about to end (draining)';
  if (typeof wanted === 'function') {
    const score = scoreOf(wanted, info, need);
    if (typeof score === 'string') return score;
    return isFull({info, underWay}) ? fullText(info) : score;
  }
  // Where one host alone will do, the daemon itself has the last word.
  return wanted === 'any' && isFull({info, underWay}) ? fullText(info) : 1;
}

const isFull = ({info, underWay}: Pick<Offer, 'info' | 'underWay'>): boolean =>
  info.actors + underWay >= info.maxActors;
const fullText = ({maxActors}: HostInfo): string => `it has ${maxActors} actors already (--max-actors)`;

function scoreOf(wanted: Exclude<HostChoice, string>, info: HostInfo, {name}: Need): number | string {
  let answer: unknown;
  try {
    answer = wanted(info);
  } catch (cause) {
    throw new SpawnFailed(`actor ${name} could not be placed: the function \`host\` has thrown ${thrownText(cause)}`, {
      phase: 'place',
      offers: [],
      cause,
    });
  }
  if (answer === true) return 1;
  if (answer === false || answer === 0) return 'the function `host` does not want it';
  if (typeof answer === 'number' && !Number.isNaN(answer)) return answer;
  return `the function \`host\` has said neither true, false nor a number, but ${textOf(answer)}`;
}
