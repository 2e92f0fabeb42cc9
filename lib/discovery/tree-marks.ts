/**
 * The values that go through the streams of one actor, for an observer of the tree: when they left or came, by their numbers.
 * Floor 6: beside `tree-events`, and exposed by every actor as that is. The way down the tree is given by the observer, who sees it.
 */
import type {Observable} from 'rxjs';
import type {Actor} from '../actor/actor.js';
import {runtimeFunction} from '../actor/marks.js';
import {parentOf} from '../actor/parent.js';
import type {Portal} from '../actor/portal.js';
import {plainClock} from '../base/clock.js';
import {type Current, current} from '../base/current.js';
import {NotExposed} from '../base/errors.js';
import {type Passing, tap} from '../context/protocol/taps.js';
import {isAtAnEnd} from '../context/protocol/uid.js';
import {rxjs} from '../context/rx/rxjs.js';
import {previewOf, typeOfEncoded} from '../msg/preview.js';
import {nameAnswers} from './name-functions.js';

/** Values that have left one end of a stream, or have come to the other one, at about the same time. */
export interface Mark extends Omit<Passing, 'encoded'> {
  /** The type of the first of them, at the end that sends. */
  readonly type?: string;
  /** The beginning of that value. Absent unless the root has allowed it. */
  readonly preview?: string;
}

/** Whose marks are asked for. */
export interface MarksQuestion {
  /** The ids from a child of the asked actor down to the one that is meant. Empty: the asked one. */
  readonly path: readonly string[];
  /** Only of contexts that have this actor at an end. */
  readonly of?: string;
}

/** Marks are handed on together after this time, in ms. */
const batchMs = 50;
/** Values that pass within this time are one mark, in µs: so a fast stream has 200 marks a second at an end. */
const togetherUs = 5_000;
/** Maximum number of marks that are handed on together. Further ones are left out. */
const maxBatch = 4_096;
/** How many bytes of marks may wait in an actor. Beyond it the oldest are dropped: an observer never slows a tree. */
const bufferBytes = 1024 * 1024;

/** Only the face of a root exposes it. */
export const marksInTree = runtimeFunction('stream', 'window marks 1', (question: MarksQuestion) =>
  marksAt(((current() as Current).runtime as Actor).subject, question),
);

/** Every actor exposes it to its parent. */
export const marksBelow = runtimeFunction('stream', 'window marks below 1', (question: MarksQuestion) => {
  const {runtime, task} = current() as Current;
  const actor = runtime as Actor;
  if (task?.peer.id !== parentOf(actor)?.actor.id)
    throw new NotExposed('only the parent of an actor may ask it for that');
  return marksAt(actor, question);
});

/** The marks that another actor hands on. */
export function marksFrom(
  portal: Portal,
  fn: typeof marksInTree,
  question: MarksQuestion,
): Observable<readonly Mark[]> {
  return portal.with({overflow: 'dropOldest', bufferBytes}).stream(fn, question);
}

function marksAt(actor: Actor, {path: [id, ...path], of}: MarksQuestion): Observable<readonly Mark[]> {
  if (id === undefined) return marksOf(actor, of);
  const branch = [...(nameAnswers.of(actor)?.children() ?? [])].find(([each]) => each === id);
  if (!branch)
    throw new RangeError(`${actor.id.name} has no actor with the id ${id} below it: it may have ended meanwhile`);
  return marksFrom(branch[1], marksBelow, {path, ...(of !== undefined && {of})});
}

function marksOf({id, tree: {previews = false}}: Actor, of: string | undefined): Observable<readonly Mark[]> {
  const {Observable: RxObservable} = rxjs();
  return new RxObservable<readonly Mark[]>(subscriber => {
    const batch = new Batch(marks => subscriber.next(marks), previews);
    const untap = tap(values => {
      if (values.actor === id.id && (of === undefined || isAtAnEnd(values.context, of))) batch.add(values);
    });
    return () => {
      untap();
      batch.stop();
    };
  });
}

type Growing = {-readonly [Key in keyof Mark]: Mark[Key]};

/** Marks that are handed on together. */
export class Batch {
  readonly #handOn: (marks: readonly Mark[]) => void;
  readonly #hasPreviews: boolean;
  #marks: Mark[] = [];
  /** The latest mark of each end. */
  readonly #latest = new Map<string, Growing>();
  #stop = (): void => {};

  constructor(handOn: (marks: readonly Mark[]) => void, hasPreviews: boolean) {
    this.#handOn = handOn;
    this.#hasPreviews = hasPreviews;
  }

  add({encoded, ...values}: Passing): void {
    const end = `${values.context} ${values.side} ${values.way}`;
    const latest = this.#latest.get(end);
    if (latest && values.us - latest.us < togetherUs && values.seq === latest.seq + latest.count) {
      latest.count += values.count;
      latest.bytes += values.bytes;
      return;
    }
    if (this.#marks.length === maxBatch) return;
    if (this.#marks.length === 0) this.#stop = plainClock.timer(batchMs, () => this.#give(), {background: true});
    const preview = encoded && this.#hasPreviews ? previewOf(encoded) : undefined;
    const mark: Growing = {
      ...values,
      ...(encoded && {type: typeOfEncoded(encoded)}),
      ...(preview !== undefined && {preview}),
    };
    this.#marks.push(mark);
    this.#latest.set(end, mark);
  }

  stop(): void {
    this.#stop();
  }

  #give(): void {
    const marks = this.#marks;
    this.#marks = [];
    this.#latest.clear();
    this.#handOn(marks);
  }
}
