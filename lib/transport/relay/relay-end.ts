/**
 * One end of a stream that a broker relays. The broker may lose, repeat and cut: the ends number the bytes, acknowledge them, and send
 * again what is missing, so each byte arrives once and in order, or the stream ends with an error that says how much did not arrive.
 * Floor 2: without a clock and without a broker, so that a model can run it; `relayed` gives it both.
 */
import {ProtocolError, TransportClosed} from '../../base/errors.js';
import {newPacket, type Packet, type PacketKind, readPacket, stamp} from './packet.js';
import {Receiving} from './receiving.js';
import {Sending} from './sending.js';

export interface RelayEndOptions {
  /** Maximum number of bytes on their way in each direction. */
  readonly windowBytes: number;
  /** Maximum number of bytes in a packet. */
  readonly packetBytes: number;
  /** For so long, in ms, the other end may not be heard. */
  readonly silence: number;
  /** The time of the clock now. */
  readonly now: number;
  /** Whether there is a connection to the broker now. */
  readonly isUp: boolean;
}

/** The effects of an end: `relayed` carries them out. */
export interface RelayOutput {
  send(packet: Uint8Array): void;
  /** The next bytes have come. */
  data(bytes: Uint8Array): void;
  /** The other end has ended its stream. All bytes of it have come. */
  ended(): void;
  /** There is room again, after `write` has not taken everything. */
  room(): void;
  /** Everything that was written has arrived, and the end behind it. */
  sent(): void;
  /** The stream is broken. Nothing follows. */
  failed(error: TransportClosed | ProtocolError): void;
}

/** Time between two looks while something is to be done, in ms. */
const lookMs = 100;
/** After so many looks without news of what was sent, the other end is asked. */
const patience = 5;

export class RelayEnd {
  readonly #output: RelayOutput;
  readonly #silence: number;
  readonly #sending: Sending;
  readonly #receiving: Receiving;
  #isUp: boolean;
  #lastHeard: number;
  #isOver = false;
  /** True when `write` has not taken everything. */
  #isBlocked = false;
  /** True when the other end has sent something that has come before: it does not know that. */
  #isRepeated = false;
  #hasHeard = false;
  #hasSaidSent = false;
  /** Looks since the last news of what was sent. */
  #looks = 0;

  constructor(output: RelayOutput, {windowBytes, packetBytes, silence, now, isUp}: RelayEndOptions) {
    this.#output = output;
    this.#silence = silence;
    this.#sending = new Sending(packetBytes);
    this.#receiving = new Receiving(windowBytes);
    this.#lastHeard = now;
    this.#isUp = isUp;
  }

  /** Tells the other end that this one is there. Nothing is sent before the other end has answered. */
  begin(): void {
    this.#tell('ask');
  }

  /** Whether everything has gone both ways. */
  get isDone(): boolean {
    return this.#sending.isDone && this.#receiving.hasEnded;
  }

  /** How many bytes have been written and have not arrived, as far as is known. */
  get unreceivedBytes(): number {
    return this.#sending.unreceivedBytes;
  }

  /** Takes as many bytes as there is room for, and returns their number. The bytes are copied. */
  write(bytes: Uint8Array): number {
    if (this.#isOver) return bytes.length;
    const taken = this.#sending.take(bytes);
    this.#isBlocked = taken < bytes.length;
    this.#flush();
    return taken;
  }

  /** Ends the stream behind what was written. */
  end(): void {
    if (this.#isOver) return;
    this.#sending.close();
    this.#flush();
  }

  /** The reader has taken so many bytes of `data`. */
  took(bytes: number): void {
    this.#receiving.took(bytes);
    if (this.#receiving.hasMuchRoom) this.#tell('state');
  }

  /** Breaks the stream off at both ends. */
  reset(): void {
    this.#tell('reset');
    this.#isOver = true;
  }

  /** A packet has come. */
  arrived(bytes: Uint8Array, now: number): void {
    try {
      const packet = readPacket(bytes);
      if (!this.#isOver) this.#take(packet, now);
      // The other end has not heard of it.
      else if (packet.kind !== 'reset' && this.#isUp) this.#send(newPacket('reset'), this.#sending.next);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#tell('reset');
      this.#fail(error);
    }
  }

  /** The connection to the broker has broken: what is sent now would be lost. */
  cut(): void {
    this.#isUp = false;
  }

  /** It is there again. The broker has kept nothing for either end. */
  back(): void {
    this.#isUp = true;
    // The other end takes a stream that it does not know for one that was lost, unless it begins with a question.
    this.#tell(this.#hasHeard ? 'again' : 'ask');
    this.#flush();
  }

  /** The broker will never be there again. */
  abandon(cause: unknown): void {
    this.#fail(new TransportClosed(`the connection to the broker has ended${this.#lost()}`, {kind: 'reset', cause}));
  }

  /** In how many ms it should look. */
  get nextLookIn(): number {
    if (this.#waits || this.#owes) return lookMs;
    return this.isDone ? Number.POSITIVE_INFINITY : this.#silence / 8;
  }

  /** Looks at what is due. @param late by how many ms this look is late */
  look(now: number, late: number): void {
    if (this.#isOver) return;
    // While this process stood still it could not hear anything (rule T14).
    if (late > lookMs) this.#lastHeard += late;
    const silent = this.isDone ? 0 : now - this.#lastHeard;
    if (silent >= this.#silence) return this.#fail(this.#silenceError());
    this.#looks++;
    const isStuck = this.#waits && this.#looks >= patience;
    if (isStuck || silent >= this.#silence / 4) this.#ask();
    else if (this.#owes) this.#tell('state');
  }

  /** Whether it waits for news of the other end. */
  get #waits(): boolean {
    return this.#sending.unreceivedBytes > 0 || this.#isBlocked || !this.#hasHeard;
  }

  get #owes(): boolean {
    return this.#receiving.isUntold || this.#isRepeated;
  }

  #ask(): void {
    this.#looks = 0;
    this.#tell('ask');
  }

  #take(packet: Packet, now: number): void {
    if (packet.kind === 'reset') return this.#fail(this.#resetError());
    this.#lastHeard = now;
    this.#hasHeard = true;
    this.#learn(packet);
    const hadEnded = this.#receiving.hasEnded;
    const fresh = this.#receiving.take(packet);
    if (fresh) this.#output.data(fresh);
    const hasEnded = this.#receiving.hasEnded && !hadEnded;
    if ((packet.kind === 'data' || packet.kind === 'end') && !fresh && !hasEnded) this.#isRepeated = true;
    this.#answer(packet);
    if (hasEnded) this.#output.ended();
  }

  /** Reads from a packet how much the other end has, and for how much it has room. */
  #learn({kind, received, limit}: Packet): void {
    if (this.#sending.told(received, limit)) this.#looks = 0;
    if (kind === 'again') this.#sending.goBack();
    this.#flush();
    if (this.#isBlocked && this.#sending.hasRoom) {
      this.#isBlocked = false;
      this.#output.room();
    }
    if (!this.#sending.isDone || this.#hasSaidSent) return;
    this.#hasSaidSent = true;
    this.#output.sent();
  }

  #answer({kind, at}: Packet): void {
    if (kind === 'ask') this.#tell(this.#receiving.isBehind(at) ? 'again' : 'state');
    else if (this.#receiving.hasNewGap(at)) this.#tell('again');
    // An end that waits for its last acknowledgement should not wait for long.
    else if (kind === 'end') this.#tell('state');
  }

  #flush(): void {
    if (!this.#isUp || this.#isOver) return;
    for (let next = this.#sending.shift(); next; next = this.#sending.shift()) this.#send(next.packet, next.at);
  }

  #tell(kind: PacketKind): void {
    if (this.#isUp && !this.#isOver) this.#send(newPacket(kind), this.#sending.next);
  }

  #send(packet: Buffer, at: number): void {
    stamp(packet, {at, ...this.#receiving.tell()});
    this.#isRepeated = false;
    this.#output.send(packet);
  }

  #fail(error: TransportClosed | ProtocolError): void {
    // When everything has gone both ways, nothing can be lost.
    if (this.#isOver || this.isDone) return;
    this.#isOver = true;
    this.#output.failed(error);
  }

  #silenceError(): TransportClosed {
    const text = `nothing was heard of the other end through the broker for ${this.#silence} ms${this.#lost()}`;
    return new TransportClosed(text, {kind: 'heartbeat'});
  }

  #resetError(): TransportClosed {
    return new TransportClosed(`the other end has broken off${this.#lost()}`, {kind: 'reset'});
  }

  /** In words, what may not have arrived. */
  #lost(): string {
    const bytes = this.#sending.unreceivedBytes;
    return bytes === 0 ? '' : `: ${bytes} bytes that were sent may not have arrived`;
  }
}
