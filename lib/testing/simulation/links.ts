/**
 * The connections between the actors of a simulation: pairs of transports whose frames are events of the agenda, each direction in a lane of
 * its own. A connection can be slow, and it can be cut for a while.
 * Floor 9, room `simulation`: above `place` and `frames`; `carrier` and `simulated-network` make the connections.
 */
import {type Frame, maxFrameBytes} from '../../msg/frame.js';
import {type Courier, memoryPair} from '../../transport/memory.js';
import type {Transport} from '../../transport/transport.js';
import type {Agenda, Lane} from './agenda.js';
import {framesIn} from './frames.js';
import {placeHere, runAfresh} from './place.js';
import type {SimulatedActor} from './simulated-actor.js';

/** The decisions of a simulation about messages that cross. */
export interface LinkOwner {
  /** How long the next frames of a connection take, in ms. */
  latency(): number;
  /** Frames are about to leave. False: they do not, because the sender is not there any more. */
  leaving(from: SimulatedActor, to: SimulatedActor, frames: readonly Frame[]): boolean;
}

/** A connection. */
export interface Link {
  readonly ends: readonly [SimulatedActor, SimulatedActor];
  readonly lanes: readonly [Lane, Lane];
  readonly transports: readonly [Transport, Transport];
}

export class Links {
  readonly #agenda: Agenda;
  readonly #owner: LinkOwner;
  readonly #links = new Set<Link>();

  constructor(agenda: Agenda, owner: LinkOwner) {
    this.#agenda = agenda;
    this.#owner = owner;
  }

  /** Connects two actors. The first transport is that of the first actor. */
  connect(first: SimulatedActor, second: SimulatedActor): [Transport, Transport] {
    const lanes = [this.#agenda.openLane(first), this.#agenda.openLane(second)] as const;
    const [a, b] = memoryPair({
      maxFrameBytes,
      couriers: [this.#courier(lanes[0], second), this.#courier(lanes[1], first)],
    });
    this.#forgetEmpty();
    this.#links.add({ends: [first, second], lanes, transports: [a, b]});
    return [this.#watched(a, first, second), this.#watched(b, second, first)];
  }

  /** An actor has died: the other ends of its connections see the end behind what it has sent. */
  leave(actor: SimulatedActor): void {
    for (const {ends, transports} of this.#links)
      for (const [at, end] of ends.entries()) if (end === actor) transports[at]?.destroy();
  }

  /** Holds back, or lets go on, what crosses between actors that fit. Nothing is lost. */
  hold(fits: (a: SimulatedActor, b: SimulatedActor) => boolean, isHeld: boolean): void {
    for (const {ends, lanes} of this.#links)
      if (fits(ends[0], ends[1]) || fits(ends[1], ends[0])) for (const lane of lanes) lane.isHeld = isHeld;
  }

  /** The connections whose two ends live. */
  open(): Link[] {
    return [...this.#links].filter(({ends}) => !ends.some(({isDead}) => isDead));
  }

  #forgetEmpty(): void {
    for (const link of this.#links) {
      if (!link.ends.some(({isDead}) => isDead) || !isEmpty(link)) continue;
      this.#links.delete(link);
      for (const lane of link.lanes) this.#agenda.closeLane(lane);
    }
  }

  /** Brings what arrives for the actor of a lane, in its order, as the first thing of a turn of that actor. */
  #courier(lane: Lane, from: SimulatedActor): Courier {
    return deliver => {
      const agenda = this.#agenda;
      const isBackground = placeHere()?.isBackground ?? false;
      const place = {agenda, actor: lane.actor, isBackground};
      const last = lane.entries.at(-1)?.due ?? 0;
      const delay = Math.max(this.#owner.latency(), last - agenda.now);
      agenda.add(lane, delay, {
        what: `reads from ${from.name}`,
        isBackground,
        keepsAlive: false,
        act: () => runAfresh(place, deliver),
      });
    };
  }

  #watched(transport: Transport, from: SimulatedActor, to: SimulatedActor): Transport {
    return {
      open: sink =>
        transport.open({
          frame: bytes => sink.frame(bytes),
          drained: () => sink.drained(),
          ended: ending => {
            // A dead actor hears nothing, not even that its connections have ended.
            if (!from.isDead) sink.ended(ending);
          },
        }),
      write: chunks =>
        from.isDead || !this.#owner.leaving(from, to, framesIn(chunks)) || from.isDead || transport.write(chunks),
      close: () => transport.close(),
      destroy: ending => transport.destroy(ending),
      keepAlive: on => transport.keepAlive(on),
      drainSync: ms => transport.drainSync(ms),
    };
  }
}

function isEmpty({lanes}: Link): boolean {
  return lanes.every(({entries}) => entries.length === 0);
}
