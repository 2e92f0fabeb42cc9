/**
 * Which hosts are there, from what was heard of them and when. It has no clock: whoever keeps it tells the time.
 * Floor 6: below `heard-hosts`.
 *
 * A host is silent after a third of the lease, and has left after a whole one. Neither is judged while nobody can be heard, because
 * then the silence is that of the broker, or of this process itself (rule T14).
 */
import type {HostEvent, HostInfo} from './host-info.js';

interface Member {
  info: HostInfo;
  heardAt: number;
  isSilent: boolean;
  /** The numbers of the first word that came from it and of the last one, among those of all hosts. */
  readonly firstWord: number;
  lastWord: number;
}

/** A tick that comes after this many intervals shows that this process itself stood still. */
const ownStall = 2;

export class Membership {
  readonly #lease: number;
  readonly #interval: number;
  /** By the id, because two daemons may have one name. */
  readonly #members = new Map<string, Member>();
  readonly #watchers = new Set<(event: HostEvent) => void>();
  #lastTick: number;
  #words = 0;
  /** Since when nobody can be heard. */
  #deafSince: number | undefined;

  /** @param interval how often it is told the time, in ms, as the lease */
  constructor({lease, interval, at}: {readonly lease: number; readonly interval: number; readonly at: number}) {
    this.#lease = lease;
    this.#interval = interval;
    this.#lastTick = at;
  }

  /** Those that are there, silent ones too. */
  list(): HostInfo[] {
    return [...this.#members.values()].map(({info}) => info);
  }

  has(id: string): boolean {
    return this.#members.has(id);
  }

  /** Whether it was there and is not heard now. */
  isSilent(id: string): boolean {
    return this.#members.get(id)?.isSilent === true;
  }

  /**
   * How many daemons of this name are there at the same time: each was heard after the last of them had come. A daemon that was started
   * anew is one, although the one before it has not left yet.
   */
  daemonsOf(name: string): number {
    const members = [...this.#members.values()].filter(({info}) => info.name === name);
    const last = Math.max(...members.map(({firstWord}) => firstWord));
    return members.filter(({lastWord}) => lastWord >= last).length;
  }

  /** Calls the watcher with those that are there, within this call, then with every change. Returns how to stop. */
  watch(watcher: (event: HostEvent) => void): () => void {
    for (const host of this.list()) watcher({type: 'present', host});
    const own = (event: HostEvent): void => watcher(event);
    this.#watchers.add(own);
    return () => void this.#watchers.delete(own);
  }

  heard(info: HostInfo, at: number): void {
    const known = this.#members.get(info.id);
    const word = ++this.#words;
    if (!known) {
      this.#members.set(info.id, {info, heardAt: at, isSilent: false, firstWord: word, lastWord: word});
      return this.#tell('joined', info);
    }
    const {isSilent, info: before} = known;
    // A beat does not say how long an answer took.
    Object.assign(known, {
      info: {...(before.rtt !== undefined && {rtt: before.rtt}), ...info},
      heardAt: at,
      isSilent: false,
      lastWord: word,
    });
    if (isSilent) this.#tell('heard', known.info);
    if (known.info.draining && !before.draining) this.#tell('draining', known.info);
  }

  /** The host has said that it ends. */
  left(id: string): void {
    const known = this.#members.get(id);
    this.#members.delete(id);
    if (known) this.#tell('left', known.info);
  }

  tick(at: number): void {
    const sinceTick = at - this.#lastTick;
    this.#lastTick = at;
    // Beats that came meanwhile lie unread, so nobody is judged before the next tick.
    if (this.#deafSince !== undefined || sinceTick > ownStall * this.#interval) return;
    for (const [id, member] of this.#members) {
      const silence = at - member.heardAt;
      if (silence >= this.#lease) this.left(id);
      else if (silence >= this.#lease / 3 && !member.isSilent) {
        member.isSilent = true;
        this.#tell('silent', member.info);
      }
    }
  }

  /** From now on nobody can be heard. */
  deaf(at: number): void {
    this.#deafSince ??= at;
  }

  /** Hosts can be heard again: each gets the time that it has lost. */
  hearing(at: number): void {
    const lost = at - (this.#deafSince ?? at);
    this.#deafSince = undefined;
    for (const member of this.#members.values()) member.heardAt += lost;
  }

  #tell(type: HostEvent['type'], host: HostInfo): void {
    for (const watcher of [...this.#watchers]) watcher({type, host});
  }
}
