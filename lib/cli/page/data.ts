// The state of the page, which the server tells it: the last frame, the history of each actor, actors that have ended.
import {useEffect, useState} from 'preact/hooks';
import type {Mark} from '../../discovery/tree-marks.js';
import type {ActorFrame, ContextFrame, Frame} from '../devtools-frames.js';

export type {ActorFrame, ContextFrame, Frame, Mark};

export interface About {
  readonly mode: 'live' | 'recorded';
  readonly control: boolean;
}

/** The measurements of an actor over time; `at` in seconds. */
export interface History {
  readonly at: number[];
  readonly cpu: (number | null)[];
  readonly rss: (number | null)[];
  readonly queued: number[];
  readonly rate: number[];
}

/** Number of measurements that are remembered: five minutes. */
const maxHistory = 600;
/** For how long an actor that has ended stays visible, in ms. */
const endedMs = 15_000;

export interface Ended {
  readonly actor: ActorFrame;
  readonly parent: string;
  readonly at: number;
}

export class Memory {
  readonly histories = new Map<string, History>();
  readonly ended = new Map<string, Ended>();
  readonly #sent = new Map<string, number>();
  #at = 0;

  take(frame: Frame): void {
    if (frame.at <= this.#at) return;
    const seconds = (frame.at - this.#at) / 1_000;
    this.#at = frame.at;
    this.#visit(frame.root, '', seconds);
    for (const [id, {at}] of this.ended) if (frame.at - at > endedMs) this.#forget(id);
  }

  #forget(id: string): void {
    this.ended.delete(id);
    this.histories.delete(id);
    this.#sent.delete(id);
  }

  #visit(actor: ActorFrame, parent: string, seconds: number): void {
    if (actor.state === 'ended') this.ended.set(actor.id, {actor: {...actor, children: []}, parent, at: this.#at});
    const history = this.histories.get(actor.id) ?? {at: [], cpu: [], rss: [], queued: [], rate: []};
    this.histories.set(actor.id, history);
    const before = this.#sent.get(actor.id);
    this.#sent.set(actor.id, actor.sent);
    history.at.push(this.#at / 1_000);
    history.cpu.push(actor.cpu === undefined ? null : actor.cpu * 100);
    history.rss.push(actor.rss === undefined ? null : actor.rss / 1_048_576);
    history.queued.push(actor.queuedBytes / 1_024);
    history.rate.push(before === undefined ? 0 : Math.max(0, (actor.sent - before) / seconds));
    if (history.at.length > maxHistory) for (const each of Object.values(history)) each.shift();
    for (const child of actor.children) this.#visit(child, actor.id, seconds);
  }
}

/**
 * The frames of the server: the latest one of a live tree, all of a record. @param open the actor whose contexts the frames of a live tree
 * have
 */
export function useFrames(open: string | undefined): {
  frames: readonly Frame[];
  memory: Memory;
  over: string | undefined;
} {
  const [memory] = useState(() => new Memory());
  const [frames, setFrames] = useState<readonly Frame[]>([]);
  const [over, setOver] = useState<string>();
  useEffect(() => {
    const source = new EventSource(`frames${open === undefined ? '' : `?actor=${encodeURIComponent(open)}`}`);
    source.addEventListener('data', ({data}) => {
      const come = JSON.parse(data) as Frame[];
      for (const frame of come) memory.take(frame);
      setFrames(come);
    });
    source.addEventListener('over', ({data}) => {
      source.close();
      setOver(String(JSON.parse(data).why ?? 'the command has ended'));
    });
    source.onerror = () => setOver('the command has ended');
    source.onopen = () => setOver(undefined);
    return () => source.close();
  }, [open]);
  return {frames, memory, over};
}

/** The contexts of an actor at each moment of a record. Undefined until they have come. @param actor undefined: none */
export function useContexts(actor: string | undefined): readonly (readonly ContextFrame[])[] | undefined {
  const [come, setCome] = useState<{readonly actor: string; readonly contexts: readonly (readonly ContextFrame[])[]}>();
  useEffect(() => {
    if (actor === undefined) return;
    fetch(`contexts?actor=${encodeURIComponent(actor)}`).then(
      async answer => setCome({actor, contexts: await answer.json()}),
      // The frames say that the command has ended.
      () => {},
    );
  }, [actor]);
  return come?.actor === actor ? come?.contexts : undefined;
}

export function useAbout(): About | undefined {
  const [about, setAbout] = useState<About>();
  useEffect(() => {
    fetch('about').then(
      async answer => setAbout(await answer.json()),
      // The frames say that the command has ended.
      () => {},
    );
  }, []);
  return about;
}

export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  const seconds = ms / 1_000;
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.floor(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return minutes < 1_440 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1_440)} d`;
}

export const megabytes = (bytes: number | undefined): string =>
  bytes === undefined ? '–' : `${Math.round(bytes / 1_048_576)} MB`;
export const percent = (share: number | undefined): string =>
  share === undefined ? '–' : `${Math.round(share * 100)} %`;
