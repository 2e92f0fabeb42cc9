/**
 * Writes the events of a tree as lines for people: the time, the actor, what has happened.
 * Floor 10: below `watch`; with a memory of the names of the actors, which come once.
 */
import {hostMicros, wallTime} from '../base/clock.js';
import type {TraceEvent} from '../discovery/tree-events.js';
import {shown} from './format.js';

export class EventLines {
  readonly #names = new Map<string, string>();
  /** The time of day at which the clock of the events stood at 0, in µs since 1970. */
  readonly #zero = wallTime() * 1_000 - hostMicros();

  /** Undefined for an event that is no news: the counters, and that an actor is there. */
  lineOf(event: TraceEvent): string | undefined {
    const {us, actor, type, name, child} = event;
    if (type === 'actor') this.#names.set(actor, text(name));
    if (child !== undefined && name !== undefined) this.#names.set(text(child), text(name));
    const said = type === 'actor' || type === 'counters' ? undefined : this.#said(event);
    if (said === undefined) return undefined;
    const time = new Date((this.#zero + us) / 1_000).toISOString().slice(11, 23);
    return shown(`${time} ${this.#nameOf(actor)}: ${said}`);
  }

  #said(event: TraceEvent): string {
    const {type, fn, outcome, name, context} = event;
    const where = context === undefined ? '' : ` [${context}]`;
    switch (type) {
      case 'call':
        return `calls ${text(fn)} in ${this.#nameOf(event.peer)}${where}`;
      case 'call ended':
        return `its call of ${text(fn)} has ${past(outcome)}${where}`;
      case 'task':
        return `runs ${text(fn)} for ${this.#nameOf(event.caller)}${where}`;
      case 'task ended':
        return `${text(fn)} has ${past(outcome)}${where}`;
      case 'spawn':
        return `starts ${text(name)}${Number(event.attempt) > 1 ? `, attempt ${text(event.attempt)}` : ''}`;
      case 'spawn ended':
        return outcome === 'returned' ? `${text(name)} serves` : `the start of ${text(name)} has ${past(outcome)}`;
      case 'born':
        return `${text(name)} is there`;
      case 'ended':
        return `${text(name)} has ended${exitOf(event)}${event.asked === false ? ', unasked' : ''}`;
      case 'log':
        return `${text(event.level)}: ${text(event.text)}`;
      case 'started':
        return `${text(fn)} has started${where}`;
      case 'stalled':
      case 'moved':
      case 'overrun':
      case 'lagged':
        return `the stream of ${text(fn)} ${streams[type]}, sent ${text(event.sent)}${where}`;
      default:
        return `${type} ${this.#nameOf(event.child ?? event.peer)}`;
    }
  }

  #nameOf(id: unknown): string {
    return id === undefined ? 'another actor' : (this.#names.get(text(id)) ?? text(id));
  }
}

const text = (value: unknown): string => String(value);

const past = (outcome: unknown): string => (outcome === 'cancelled' ? 'been cancelled' : text(outcome ?? 'ended'));

const streams = {
  stalled: 'is stalled',
  moved: 'moves again',
  overrun: 'is overrun',
  lagged: 'has missed values',
} as const;

function exitOf({exit}: TraceEvent): string {
  const {code, signal} = (exit ?? {}) as {code?: unknown; signal?: unknown};
  if (signal != null) return ` by ${text(signal)}`;
  return code == null ? '' : ` with code ${text(code)}`;
}
