/**
 * Both ends of one context over two links, and what must hold after each step and at the end.
 * Above wire.ts, below moves.ts, which says what may happen. The ends are the real `Caller` and `Callee` with all
 * beneath them (dialog, credit, inlet, outlet); only the channel is a model, and it judges what they send by counts
 * of its own.
 */
import type {ActorId} from '../../../lib/base/actor-id.js';
import {Clock, realTime} from '../../../lib/base/clock.js';
import {ContextCancelled, ProtocolError, RemoteActorError, TransportClosed} from '../../../lib/base/errors.js';
import {Scope} from '../../../lib/base/scope.js';
import {type Consumer, type Inlet, isValue, type StreamEnd} from '../../../lib/context/flow/inlet.js';
import type {Flow} from '../../../lib/context/flow/options.js';
import {type Outlet, placeBytes} from '../../../lib/context/flow/outlet.js';
import type {Call} from '../../../lib/context/protocol/call.js';
import {Callee} from '../../../lib/context/protocol/callee.js';
import {Caller} from '../../../lib/context/protocol/caller.js';
import type {Outcome} from '../../../lib/context/protocol/dialog.js';
import {Kind, type Message} from '../../../lib/msg/types.js';
import {Wire, WireChannel} from './wire.js';

export interface Setup {
  readonly kind: 'context' | 'operator';
  readonly flow: Flow;
  /** Values that meet share a frame. */
  readonly shares: boolean;
  /** A Start that was not delivered has not left either: a cancel takes it back. */
  readonly holdsStart: boolean;
  /** The link may be lost. */
  readonly losses: boolean;
  /** The caller opens its stream only when a terminal is on its way. */
  readonly opensLate: boolean;
  /** The call has a timeout. */
  readonly isTimed: boolean;
  /** How many things may go wrong. */
  readonly faults: number;
}

/** The timeout of a call, told from the times of cancels by its length. */
const callMs = 9_999;

const callerId: ActorId = {name: 'caller', id: 'a', pid: 1, host: 'here'};
const calleeId: ActorId = {name: 'callee', id: 'b', pid: 2, host: 'here'};

class WatchedCaller extends Caller {
  world: World | undefined;
  override concluded(outcome: Outcome, isTold: boolean): void {
    super.concluded(outcome, isTold);
    this.world?.concludes(this.world.caller, outcome);
  }
  override ended(): void {
    super.ended();
    this.world?.hearsEnded();
  }
}

class WatchedCallee extends Callee {
  world: World | undefined;
  override concluded(outcome: Outcome): void {
    this.world?.concludes(this.world.callee, outcome);
  }
}

/** The model does only what is legal: an end that takes it for a breach of the rules is wrong. */
function mustNotViolate({link, name}: Caller | Callee): void {
  link.violate = text => {
    throw new Error(`legal behaviour was refused by ${name} (${link.dialog.side}): ${text}`);
  };
}

/** Takes one value at a time. */
export class Hand implements Consumer {
  readonly mutable = true;
  sawEnd: StreamEnd | undefined;
  ready(): void {}
}

/** One end, and what the model counts of it. */
export class Side<E extends Caller | Callee = Caller | Callee> {
  readonly name: 'caller' | 'callee';
  readonly channel: WireChannel;
  /** The messages on their way to this end. */
  readonly hears: Wire;
  end: E | undefined;
  opened = false;
  hand: Hand | undefined;
  readonly outcomes: Outcome[] = [];

  /** Sending: values offered, and those that were handed to the channel, with the sum of bytes up to each. */
  offered = 0;
  readonly sent: string[] = [];
  readonly sentBytes: number[] = [0];
  /** Sends that wait for room: bytes by what they carry. */
  readonly waiting = new Map<string, number>();
  /** The messages and bytes that the peer has granted, as heard here. */
  granted = {messages: 0, bytes: 0};
  stopSent = false;
  /** A Stop was sent that says why more does not come. */
  stopFailed = false;
  /** The cancel of the function has cut its stream off, before that was completed. */
  cutOff = false;
  terminalSent: 'return' | 'error' | undefined;
  /** Whether something has happened that may have closed the outlet. */
  mayClose = false;
  /** The peer has closed the stream: nothing may be sent any more. */
  refused = false;

  /** Receiving: values that consumers took. */
  taken = 0;
  /** The messages and bytes that this end has granted. */
  said = {messages: 0, bytes: 0};
  /** Whether something has happened that may have ended the inlet. */
  mayEnd = false;
  ownClose = false;

  constructor(name: 'caller' | 'callee', channel: WireChannel, hears: Wire) {
    this.name = name;
    this.channel = channel;
    this.hears = hears;
  }

  get inlet(): Inlet | undefined {
    return this.end?.link.stream?.inlet;
  }

  get outlet(): Outlet | undefined {
    return this.end?.link.stream?.outlet;
  }

  /** Values of the peer that need no more room here. */
  get consumed(): number {
    return this.taken + (this.inlet?.dropped ?? 0);
  }
}

export class World {
  readonly setup: Setup;
  readonly caller: Side<WatchedCaller>;
  readonly callee: Side<WatchedCallee>;
  readonly scope = new Scope('the function');
  readonly #cover: (what: string) => void;
  #droppedAtEnd = 0;
  /** The error that the function has thrown. */
  #thrown: unknown;
  /** Whether the function has given a result that counts, whatever it was told before. */
  #hasLastWord = false;
  /** The callee's function. */
  running = false;
  faultsLeft: number;
  startedSent = false;
  /** Something that ends the function has reached it. */
  mayAbort = false;
  asked = false;
  cancelSent = false;
  cancelHeard = false;
  endedHeard = false;
  endedSent = 0;
  gaveUp = false;
  /** Ends the time of the call, at the caller. */
  deadline: (() => void) | undefined;
  /** The time of the call was over before anything else had ended it. */
  isLate = false;
  timedOut = false;
  drains = false;
  /** How each `cancel()` was answered. */
  readonly cancels: {answer: boolean | undefined}[] = [];
  /** The timers of cancels: fired by `jump`. */
  readonly timers: (() => void)[] = [];
  /** The first thing that was wrong where nobody could be told at once. */
  broken: unknown;

  constructor(setup: Setup, cover: (what: string) => void) {
    this.setup = setup;
    this.#cover = cover;
    this.faultsLeft = setup.faults;
    const toCaller = new Wire();
    const toCallee = new Wire();
    this.caller = new Side('caller', new WireChannel(callerId, calleeId, toCallee), toCaller);
    this.callee = new Side('callee', new WireChannel(calleeId, callerId, toCaller), toCallee);
    for (const side of [this.caller, this.callee]) {
      side.channel.shares = setup.shares;
      side.channel.onSend = (kind, seq, payload) => {
        // It may come in a microtask, where a throw would end the process.
        try {
          this.#sends(side, kind, seq, payload);
        } catch (error) {
          this.broken ??= error;
        }
      };
    }
    this.caller.channel.holdsStart = setup.holdsStart;
    const caller = new WatchedCaller(this.caller.channel.asChannel(), this.#call());
    caller.world = this;
    caller.report.isAsked = true;
    mustNotViolate(caller);
    this.caller.end = caller;
    this.caller.channel.holdsStart = setup.holdsStart;
    if (setup.kind === 'operator') {
      this.caller.said = {messages: setup.flow.window, bytes: setup.flow.windowBytes};
      this.open(this.caller);
    }
  }

  cover(what: string): void {
    this.#cover(what);
  }

  other(side: Side): Side {
    return side === this.caller ? this.callee : this.caller;
  }

  get lost(): boolean {
    return this.caller.channel.closed !== undefined || this.callee.channel.closed !== undefined;
  }

  open(side: Side): void {
    const {end} = side;
    if (!end) return;
    side.opened = true;
    const inlet = end.link.halves.makeInlet(this.setup.flow);
    end.link.halves.makeOutlet(this.setup.flow);
    if (!inlet.opened) inlet.open();
  }

  /** As `MsgStream.send`, or a push. */
  offer(side: Side, how: 'push' | 'send', length: number): void {
    const {end, outlet} = side;
    if (!end || !outlet) return;
    const value = `${side.name}${++side.offered}`.padEnd(length, '.');
    if (how === 'push') {
      this.#push(side, outlet, value);
      return;
    }
    const bytes = end.link.halves.encode(value);
    if (outlet.closed) {
      side.offered--;
      let refused = false;
      try {
        outlet.trySend(bytes);
      } catch {
        refused = true;
      }
      must(refused, 'S6: a send was taken by a stream that is closed');
      return;
    }
    if (outlet.trySend(bytes)) return;
    this.cover('full window');
    side.waiting.set(value, bytes.length + placeBytes);
    const settle = (): void => must(side.waiting.delete(value), 'a send was settled twice');
    outlet.waitToSend(bytes, {
      resolve: () => {
        must(side.sent.at(-1) === value, 'a send resolved before its value had left');
        settle();
      },
      reject: settle,
    });
  }

  #push(side: Side, outlet: Outlet, value: string): void {
    const {bufferBytes, overflow} = this.setup.flow;
    const {end, sent} = side;
    const isLate = outlet.closed !== undefined;
    const before = sent.length;
    const aborts = this.mayAbort;
    const bytes = outlet.queuedBytes + placeBytes + (end?.link.halves.encode(value).length ?? 0);
    // Beyond the bound the context fails in this call, unless the value goes at once.
    if (side === this.callee && overflow === 'error' && bytes > bufferBytes) this.mayAbort = true;
    end?.link.halves.push(outlet, value);
    if (isLate) return;
    if (sent.length > before) this.mayAbort = aborts;
    else this.cover(end?.link.outcome ? 'overrun' : `push that waits, ${overflow}`);
  }

  /** The function has come to its end: `running` tells of the user's part, the runtime's may go on. */
  settles(how: 'return' | 'throw', error?: unknown): void {
    const callee = this.callee.end as WatchedCallee;
    this.running = false;
    this.#droppedAtEnd = this.callee.outlet?.dropped ?? 0;
    this.#thrown = error;
    this.#hasLastWord = how === 'return' && (this.setup.kind !== 'context' || callee.link.dialog.started);
    const sent = how === 'throw' ? callee.threw(error) : callee.returned('done');
    sent?.catch((reason: unknown) => {
      this.broken ??= reason;
    });
  }

  cancel(): void {
    const request: {answer: boolean | undefined} = {answer: undefined};
    this.cancels.push(request);
    void (this.caller.end as WatchedCaller).cancel('requested', 'enough').then(answer => {
      request.answer = answer;
    });
    if (this.caller.channel.withdrawn) this.cover('cancel before Start has left');
  }

  /** The subscriber of the output leaves: its source is released at once. */
  unsubscribe(): void {
    const {caller} = this;
    if (!caller.end?.link.outcome) caller.mayClose = true;
    caller.end?.unsubscribe();
    must(caller.outlet?.closed !== undefined || !caller.outlet, 'X9: a source is still taken after the unsubscription');
  }

  cancelSelf(): void {
    this.#mayEnd();
    (this.callee.end as WatchedCallee).cancelSelf('enough');
  }

  /** The time of the call is over, as its caller sees it. */
  expire(): void {
    const {end, terminalSent} = this.caller;
    if (!end?.link.outcome && !end?.isCancelled && terminalSent === undefined) this.isLate = true;
    this.deadline?.();
    this.deadline = undefined;
  }

  /** The time of the call is over, as the function sees it. */
  expireThere(): void {
    this.#mayEnd();
    this.scope.cancel(new ContextCancelled('its time is over', {canceller: undefined, reason: 'deadline'}));
  }

  /** Something within the callee's actor ends the function. */
  #mayEnd(): void {
    this.mayAbort = true;
    this.callee.mayClose = true;
    this.callee.mayEnd = true;
  }

  /** The caller wants the result: what no reader wants is dropped. */
  drain(): void {
    this.drains = true;
    this.caller.end?.link.halves.makeInlet(this.setup.flow).drain();
  }

  /** The bound of every cancel so far is over. */
  jump(): void {
    if (!this.caller.end?.link.outcome && this.caller.end?.isCancelled) {
      this.gaveUp = true;
      this.cover('cancel not obeyed in time');
    }
    if (this.timers.length > 0) this.timedOut = true;
    for (const fire of this.timers.splice(0)) fire();
  }

  /** The next message of a row reaches its end. */
  hear(side: Side, row: 'ordered' | 'urgent'): void {
    const message = side.hears.shift(row, 1);
    if (!message) return;
    if (message.kind === Kind.Start) {
      this.#begin();
      return;
    }
    const {end} = side;
    if (!side.channel.endpoint || !end) {
      this.#stray(side, message);
      return;
    }
    const before = side.inlet?.received ?? 0;
    const over = side.ownClose || end.link.dialog.terminal !== 'none';
    this.#heard(side, message);
    const late = end.link.late;
    end.link.receive(message);
    if (end.link.late > late) this.cover('late message');
    if (over) must((side.inlet?.received ?? 0) === before, 'I2: values were taken in after the terminal, or own close');
    if (this.running && side === this.callee && (message.kind === Kind.Cancel || message.kind === Kind.Error))
      must(this.scope.cancelled !== undefined, 'X3: the function was not told to end');
  }

  /** The channel ends at one side; the other hears of it behind what is on its way, or at once where that is cut. */
  lose(side: Side, cut: boolean): void {
    const {channel, hears} = side;
    if (channel.closed) return;
    const error = new TransportClosed('the link was lost', {kind: 'eof'});
    channel.closed = error;
    hears.clear();
    hears.ends = false;
    hears.deaf = true;
    if (cut) channel.out.clear();
    const other = this.other(side);
    if (!other.channel.closed) channel.out.ends = true;
    if (side === this.callee) this.mayAbort = true;
    side.mayClose = true;
    side.mayEnd = true;
    const {endpoint} = channel;
    const running = this.running;
    endpoint?.channelEnded(error);
    if (side === this.callee && running)
      must(this.scope.cancelled !== undefined, 'C9: a task has outlived the channel it was requested over');
  }

  /** The hand of a side takes what is there. False when there is nothing. */
  take(side: Side): boolean {
    const {hand, inlet} = side;
    if (!hand || !inlet || hand.sawEnd) return false;
    const item = inlet.peek(hand);
    if (item === undefined) return false;
    if (!isValue(item)) {
      hand.sawEnd = item;
      this.#seesEnd(side, item);
      inlet.detach(hand);
      return true;
    }
    const due = this.other(side).sent[side.consumed];
    must(item.value === due, `I3: ${String(item.value)} was received where ${due} was due`);
    side.taken++;
    inlet.advance(hand);
    return true;
  }

  concludes(side: Side, outcome: Outcome): void {
    side.outcomes.push(outcome);
    must(side.outcomes.length === 1, `I1: the ${side.name} concluded twice`);
    if (side === this.callee) this.#settlesWith(outcome);
    side.mayClose = true;
    side.mayEnd = true;
  }

  /** The values that the function had pushed go before its return, and before the error of a stream, unless a cancel cuts it off. */
  #settlesWith(outcome: Outcome): void {
    const {callee, scope} = this;
    const dropped = (callee.outlet?.dropped ?? 0) - this.#droppedAtEnd;
    const isCut = dropped > 0 && !callee.refused && !callee.ownClose;
    if (outcome.kind === 'returned') {
      must(!this.running, 'a function returned that runs');
      must(!isCut || callee.stopFailed, `I3: a return cut off ${dropped} values before it`);
      must(scope.cancelled?.reason !== 'deadline', 'X10: a result was sent after the deadline');
    } else if (this.setup.kind === 'operator' && this.#thrown !== undefined && outcome.error === this.#thrown)
      must(!isCut || scope.cancelled !== undefined, `S5: the error of a stream has overtaken ${dropped} of its values`);
  }

  hearsEnded(): void {
    must(!this.endedHeard, 'X2: the caller was told twice that the function has ended');
    must(
      !this.running || this.caller.channel.closed !== undefined,
      'X2: the caller was told of an end that has not come',
    );
    must(this.caller.outcomes.length === 1, 'I1: the function has ended before there was an outcome');
    this.endedHeard = true;
  }

  /** After each step. */
  check(): void {
    if (this.broken) throw this.broken;
    for (const side of [this.caller, this.callee]) {
      const {end, inlet, outlet, name} = side;
      if (!end) continue;
      const {flow} = this.setup;
      const other = this.other(side);
      if (inlet) {
        const kept = inlet.received - side.consumed;
        must(kept <= flow.window, `I4: ${kept} values wait at the ${name}, more than the window`);
        if (inlet.ended) must(side.mayEnd, `S2: the ${name} was told of an end of its stream that nobody has made`);
        const lead = other.sent.length - side.consumed;
        if (inlet.opened && lead === flow.window) this.cover('full window');
        if (!side.ownClose && !end.link.outcome && inlet.opened) {
          must(lead <= flow.window, `I4: ${lead} values are on their way to the ${name}, more than the window`);
          // One value may begin below the bound and end above it.
          const bytes = (other.sentBytes.at(-2) ?? 0) - (other.sentBytes[side.consumed] as number);
          must(bytes < flow.windowBytes, `I4: ${bytes} bytes and one value more are on their way to the ${name}`);
        }
      }
      if (outlet) {
        if (side.refused) must(outlet.closed !== undefined, `S2: the ${name} may send though its peer has closed`);
        if (outlet.closed) must(side.mayClose, `S2: the ${name} was closed to sending, and nobody has closed it`);
        let waiting = 0;
        for (const bytes of side.waiting.values()) waiting += bytes;
        const pushed = outlet.queuedBytes - waiting;
        if (flow.overflow === 'error')
          must(pushed <= flow.bufferBytes, `I4: ${pushed} bytes wait at the ${name}, more than bufferBytes`);
      }
    }
    if (this.scope.cancelled) must(this.mayAbort, 'X1: the function was cancelled and nobody has asked for that');
  }

  /** Everything has been delivered, consumed and settled. */
  checkEnd(): void {
    const {caller, callee} = this;
    must(caller.outcomes.length === 1, 'I1: the caller has no outcome');
    must(caller.channel.endpoint === undefined, 'the caller keeps the id');
    must(caller.end?.hasEnded === true, 'X2: the caller was never told that the function has ended');
    if (callee.end) {
      must(callee.outcomes.length === 1, 'I1: the callee has no outcome');
      must(callee.channel.endpoint === undefined, 'the callee keeps the id');
    } else must(this.caller.channel.withdrawn || this.lost, 'the call never came');
    for (const {answer} of this.cancels) {
      must(answer !== undefined, 'X2: a cancel was never answered');
      must(answer || this.timedOut, 'X2: a cancel was answered as not obeyed');
    }
    for (const side of [caller, callee]) {
      must(side.waiting.size === 0, `a send of the ${side.name} hangs`);
      if (side.hand) must(side.hand.sawEnd !== undefined, `a reader at the ${side.name} never saw the end`);
      const {used} = side.channel.windows;
      must(used === 0, `F7: ${used} bytes of the budget of the ${side.name} are held by nobody`);
      const {outlet, sent} = side;
      if (!outlet) continue;
      must(outlet.closed !== undefined, `S6: the ${side.name} would still send`);
      must(outlet.sent === sent.length || side.channel.closed !== undefined, 'F8: sent is miscounted');
      must(
        side.offered === outlet.sent + outlet.dropped,
        `F8: of ${side.offered} values ${outlet.sent} were sent and ${outlet.dropped} dropped by the ${side.name}`,
      );
    }
    if (!this.lost && !this.caller.channel.withdrawn) this.#checkAgreement();
  }

  /** X7, X11: what an end has sent stands there; where it has sent nothing, what it was told stands. */
  #checkAgreement(): void {
    const {caller, callee} = this;
    const [here] = caller.outcomes as [Outcome];
    const [there] = callee.outcomes as [Outcome];
    const {cancelled} = this.scope;
    if (this.#hasLastWord && cancelled?.reason !== 'deadline') {
      const isReplaced = there.kind === 'failed' && there.error === cancelled;
      must(!isReplaced, 'C5: a result was replaced by the cancellation that came before it');
    }
    if (callee.terminalSent === 'return') must(there.kind === 'returned', 'X7: a return that was sent does not stand');
    else must(there.kind === 'failed', 'X11: an error that was sent or told does not stand at the callee');
    if (caller.terminalSent !== undefined) {
      must(here.kind === 'failed', 'X11: an error that was sent does not stand at the caller');
      if (callee.terminalSent === 'error') this.cover('errors that cross');
      return;
    }
    if (this.gaveUp) {
      must(here.kind === 'failed' && here.error instanceof ContextCancelled && !here.error.acked, 'C5: not unacked');
      return;
    }
    // A function that has returned without `started` has made a mistake, which says more than the deadline.
    if (this.isLate && (callee.terminalSent === 'error' || this.setup.kind === 'operator' || this.startedSent)) {
      must(here.kind === 'failed' && here.error instanceof ContextCancelled, 'X10: a call has outlived its deadline');
      must(here.error.reason === 'deadline' && here.error.acked, `X10: a deadline was told as ${here.error.reason}`);
      if (callee.terminalSent === 'return') this.cover('return after the deadline');
      return;
    }
    if (callee.terminalSent === 'return') {
      if (this.setup.kind === 'context' && !this.startedSent) {
        must(here.kind === 'failed' && here.error instanceof ProtocolError, 'C2: started was not missed');
        this.cover('return without started');
      } else must(here.kind === 'returned' && here.value === 'done', 'X7: a return that was told does not stand');
      return;
    }
    must(callee.terminalSent === 'error', 'neither end has sent a terminal');
    must(here.kind === 'failed' && there.kind === 'failed', 'X7: an error that was told does not stand at the caller');
    if (!(there.error instanceof ContextCancelled)) {
      // E6: a real error is never replaced by the cancellation that crosses it.
      must(here.error instanceof RemoteActorError, 'E6: a real error was replaced at the caller');
      if (this.cancelSent) this.cover('error that crosses a cancel');
      return;
    }
    must(here.error instanceof ContextCancelled, 'X7: a cancellation at the callee is none at the caller');
    must(here.error.acked, 'C5: an acknowledged cancel is told as not acknowledged');
    if (this.cancelSent) must(here.error.canceller?.id === callerId.id, 'X4: own cancel, told as that of another');
  }

  #call(): Call {
    return {
      kind: this.setup.kind,
      fn: 1,
      name: 'work',
      args: [],
      openedBy: 'verb',
      scope: this.#body(),
      flow: this.setup.flow,
      cancelBound: 1_600,
      ...(this.setup.isTimed && {timeout: callMs}),
    };
  }

  /** The scope of the caller. Its clock is the model's own, so that only `jump` lets time pass. */
  #body(): Scope {
    const scope = new Scope('the body');
    const hold = (fire: () => void, ms: number): void => {
      if (ms === callMs) this.deadline = fire;
      else this.timers.push(fire);
    };
    const time = {
      ...realTime,
      setTimeout: hold as unknown as typeof setTimeout,
      clearTimeout: () => {},
      // There are no turns of the loop here: what would come in the next one comes at once.
      setImmediate: ((fire: () => void) => fire()) as unknown as typeof setImmediate,
    };
    scope.ownClock = new Clock(time);
    return scope;
  }

  /** Start reaches the callee: as `dispatch`. */
  #begin(): void {
    const {flow, kind} = this.setup;
    this.running = true;
    // Windows are too small here to grow: the whole of one goes with the Start.
    const granted = kind === 'operator' ? flow.windowBytes : 0;
    const options = {id: 1, kind, name: 'work', scope: this.scope, flow, granted};
    const callee = new WatchedCallee(this.callee.channel.asChannel(), options);
    callee.world = this;
    this.scope.onCancel(() => {
      const {ownClose, refused, stopSent} = this.callee;
      this.callee.cutOff = this.callee.opened && !ownClose && !refused && !stopSent;
    });
    mustNotViolate(callee);
    this.callee.end = callee;
    if (kind !== 'operator') return;
    this.callee.granted = {messages: flow.window, bytes: flow.windowBytes};
    this.open(this.callee);
  }

  /** As `peer`: a cancel of a context that is gone is acknowledged all the same. */
  #stray(side: Side, {kind}: Message): void {
    this.cover('message for a context that is gone');
    if (side !== this.callee || (kind !== Kind.Cancel && kind !== Kind.Error)) return;
    must(this.callee.end !== undefined, 'a message came before its Start');
    this.cover('cancel that crosses the end');
    const {codec, out} = side.channel;
    if (side.channel.closed) return;
    for (const stage of ['received', 'ended'])
      out.add('ordered', {kind: Kind.CancelAck, seq: 0, payload: codec.encode([stage]), values: []});
  }

  /** Notes the changes that a message allows at the end that hears it. */
  #heard(side: Side, {kind, payload}: Message): void {
    const read = (): readonly unknown[] => side.channel.codec.decode(payload) as readonly unknown[];
    if (kind === Kind.Credit) {
      const [messages, bytes] = read() as [number, number];
      side.granted = {messages, bytes};
    } else if (kind === Kind.Stop) {
      side.mayEnd = true;
      if (read()[0] === 'both') {
        side.mayClose = true;
        side.refused = true;
      }
    } else if (kind === Kind.Cancel || kind === Kind.Error || kind === Kind.Return) {
      if (side === this.callee) this.mayAbort = true;
      if (kind === Kind.Cancel) {
        this.cancelHeard = true;
        if (this.scope.cancelled && this.running) this.cover('cancels that cross');
        else if (!this.running) this.cover('cancel that crosses the end');
      }
      side.mayEnd = true;
      side.mayClose = true;
    }
  }

  #sends(side: Side, kind: Kind, seq: number, payload: Uint8Array): void {
    const sent = side.sent.length;
    if (kind !== Kind.CancelAck)
      must(side.terminalSent === undefined, `I1: a message of kind ${kind} behind the terminal of the ${side.name}`);
    switch (kind) {
      case Kind.Yield:
        return this.#sendsValue(side, seq, payload);
      case Kind.Credit:
        return this.#sendsCredit(side, payload);
      case Kind.Stop:
        must(seq === sent, `F1: a Stop names ${seq} values where ${sent} were sent`);
        side.stopSent = true;
        side.stopFailed = (side.channel.codec.decode(payload) as unknown[])[1] !== null;
        return;
      case Kind.Return:
      case Kind.Error: {
        must(seq === sent, `F1: a terminal names ${seq} values where ${sent} were sent`);
        side.terminalSent = kind === Kind.Return ? 'return' : 'error';
        if (side === this.caller) this.asked = true;
        else if (kind === Kind.Return) must(!this.running, 'a Return of a function that runs');
        return;
      }
      case Kind.Cancel:
        must(!this.cancelSent, 'X2: a second Cancel was sent');
        this.cancelSent = true;
        this.asked = true;
        return;
      case Kind.CancelAck: {
        const [stage] = side.channel.codec.decode(payload) as [string];
        if (stage === 'received') must(this.asked, 'X2: a cancel was acknowledged that nobody sent');
        else {
          must(!this.running, 'X2: ended was said while the function ran');
          must(++this.endedSent === 1, 'X2: ended was said twice');
        }
        return;
      }
      case Kind.Started:
        must(!this.startedSent, 'C3: started twice');
        this.startedSent = true;
    }
  }

  #sendsValue(side: Side, seq: number, bytes: Uint8Array): void {
    const {name, sent, sentBytes, granted} = side;
    const value = side.channel.codec.decode(bytes) as string;
    const before = sentBytes.at(-1) as number;
    must(!side.stopSent, `S2: a value was sent behind the Stop of the ${name}`);
    must(seq === sent.length + 1, `F1: value ${seq} was sent where ${sent.length + 1} was due`);
    must(seq <= granted.messages, `F1: value ${seq} was sent where ${granted.messages} were granted`);
    const large = bytes.length > this.setup.flow.windowBytes / 2;
    must(
      before + bytes.length <= granted.bytes || (large && before < granted.bytes),
      `F1: ${before + bytes.length} bytes were sent where ${granted.bytes} were granted`,
    );
    must(numberOf(value) > numberOf(sent.at(-1)), 'S5: values left out of order');
    sent.push(value);
    sentBytes.push(before + bytes.length);
    if (bytes.length > this.setup.flow.windowBytes) this.cover('value larger than the window');
  }

  #sendsCredit(side: Side, payload: Uint8Array): void {
    const [messages, bytes] = side.channel.codec.decode(payload) as [number, number];
    const {flow} = this.setup;
    const consumedBytes = this.other(side).sentBytes[side.consumed] as number;
    must(messages <= side.consumed + flow.window, `I4: credit for ${messages} values, ${side.consumed} were consumed`);
    must(bytes <= consumedBytes + flow.windowBytes, `I4: credit for ${bytes} bytes, ${consumedBytes} were consumed`);
    must(messages >= side.said.messages && bytes >= side.said.bytes, 'F1: credit was taken back');
    if (side.said.messages > 0) this.cover('credit again');
    side.said = {messages, bytes};
  }

  /** A reader is at the end of the stream. */
  #seesEnd(side: Side, end: StreamEnd): void {
    if (!('error' in end)) {
      const {sent} = this.other(side);
      const isOwn = side.ownClose || (side === this.callee && !this.running);
      if (!isOwn) must(side.consumed === sent.length, `I3: complete after ${side.consumed} of ${sent.length} values`);
      must(side.outcomes[0]?.kind !== 'failed', 'E7, S7: a stream whose context has failed was told as complete');
      must(side === this.callee || isOwn || !this.callee.cutOff, 'E7: a stream that a cancel cut off looks complete');
      this.cover('read to the end');
    } else this.cover('read to an error');
  }
}

export function must(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Error(otherwise);
}

function numberOf(value: string | undefined): number {
  return value === undefined ? 0 : Number(/\d+/.exec(value)?.[0]);
}
