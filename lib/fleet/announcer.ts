/**
 * A daemon tells at the broker that it is there: every second, when its actors have changed, and when somebody asks.
 * Floor 6: beside `daemon`, above `broker-link`.
 *
 * Subjects: `beat.NAME` has what the host says; who publishes `who` gets it as an answer.
 */
import {plainClock, type Stop} from '../base/clock.js';
import {subjectPart} from '../transport/relay/subject-part.js';
import type {BrokerLink} from './broker-link.js';
import {type HostInfo, wordBytes} from './host-info.js';

/** How often a host says that it is there, in ms. */
const beatMs = 1_000;
/** Changes within this time, in ms, are said together. */
const changeMs = 50;

export const who = 'who';
export const beatOf = (name: string): string => `beat.${subjectPart(name)}`;

/** The part of a daemon that is announced. */
export interface Announced {
  info(): HostInfo;
  /** Calls it when the number of actors has changed, or whether new ones are taken. */
  onChange(changed: () => void): void;
}

/** Returns how to say that the host ends. */
export function announce(broker: BrokerLink, host: Announced): Stop {
  const {name, id} = host.info();
  let stopChange: Stop | undefined;
  const beat = (): void => {
    stopChange?.();
    stopChange = undefined;
    broker.publish(beatOf(name), wordBytes({host: host.info()}));
  };
  broker.listen(who, (_bytes, _subject, respond) => respond(wordBytes({host: host.info()})));
  host.onChange(() => {
    stopChange ??= plainClock.timer(changeMs, beat, {background: true});
  });
  const stopWatching = broker.watch(isUp => {
    if (isUp) beat();
  });
  const stopBeats = plainClock.every(beatMs, beat);
  return () => {
    stopChange?.();
    stopWatching();
    stopBeats();
    broker.publish(beatOf(name), wordBytes({left: id}));
  };
}
