/**
 * Every interleaving of two dialogs that talk over two links, at small scope; where wanted with values by real credit.
 * Beside dialog.spec.ts: does with the effects of `step` what `link` and `peer` do with them, and checks what must
 * hold after each event. Breadth first, so that a fault is shown by one of its shortest traces.
 */
import {type Grant, ReceiveCredit, SendCredit} from '../../../lib/context/flow/credit.js';
import {
  type Dialog,
  type DialogEffect,
  type DialogEvent,
  newDialog,
  type Step,
} from '../../../lib/context/protocol/dialog.js';

/** The moves that each end may make besides those that it must; at most once each. */
export type Deed =
  | 'caller cancel'
  | 'caller fail'
  | 'caller yield'
  | 'caller credit'
  | 'caller stop'
  | 'caller close'
  | 'callee started'
  | 'callee fail'
  | 'callee yield'
  | 'callee credit'
  | 'callee stop'
  | 'callee close'
  | 'loss';

type Wire =
  | 'started'
  | 'yield'
  | 'credit'
  | 'stop'
  | 'close'
  | 'return'
  | 'error'
  | 'error, still running'
  | 'cancel'
  | 'received'
  | 'ended';

interface End {
  dialog: Dialog;
  /** How it concluded: by its own act, by the peer's message, or by the loss of the link. */
  outcome: '' | 'unstarted' | 'lost' | `own ${string}` | `peer ${string}`;
  released: boolean;
  /** The terminal message that it has sent. */
  sentTerminal: Wire | '';
}

export interface World {
  readonly caller: End;
  readonly callee: End;
  toCaller: Wire[];
  toCallee: Wire[];
  lost: boolean;
  /** The callee's function. */
  running: boolean;
  aborted: boolean;
  /** The caller was told that the function has ended. */
  endedSeen: boolean;
  /** The caller has asked for an end, by Cancel or Error. */
  asked: boolean;
  startedSent: boolean;
  deedsLeft: number;
  /** Values of the callee, where they flow: each count says which of the values come next. */
  opened: boolean;
  sent: number;
  received: number;
  consumed: number;
  /** Grants: the last that the callee has heard, and those on their way, as `messages/bytes`. */
  heard: string;
  underway: string;
}

/** Values that the callee sends by real credit, and the caller consumes. */
export interface Flow {
  /** The bytes of each. */
  readonly sizes: readonly number[];
  readonly window: number;
  readonly windowBytes: number;
  /** In place of the real one: a fault to be found. */
  readonly newSender?: () => SendCredit;
  readonly newReceiver?: (window: number, windowBytes: number) => ReceiveCredit;
}

export interface Exploration {
  readonly states: number;
  readonly steps: number;
  /** How often each outcome was reached at the end of everything: `caller / callee`. */
  readonly endings: ReadonlyMap<string, number>;
}

export interface Scope {
  readonly synced: boolean;
  readonly deeds: readonly Deed[];
  readonly step: (dialog: Dialog, event: DialogEvent) => Step;
  /** Whether a Cancel or an Error for a context that is gone is acknowledged, as `peer` does. */
  readonly ackStrays?: boolean;
  /** Then the function ends only when all has been sent, or nothing more can be. */
  readonly flow?: Flow;
}

/** Messages that may pass others of their context. */
const urgent: ReadonlySet<Wire> = new Set(['cancel', 'credit']);

/** @throws Error with the shortest trace to a state that must not be */
export function explore(scope: Scope): Exploration {
  const first: World = {
    caller: newEnd('caller', scope.synced),
    callee: newEnd('callee', scope.synced),
    toCaller: [],
    toCallee: [],
    lost: false,
    running: true,
    aborted: false,
    endedSeen: false,
    asked: false,
    startedSent: false,
    deedsLeft: 2 ** scope.deeds.length - 1,
    opened: false,
    sent: 0,
    received: 0,
    consumed: 0,
    heard: '',
    underway: '',
  };
  const parents: number[] = [-1];
  const labels: string[] = [''];
  const seen = new Set([keyOf(first)]);
  let level: [World, number][] = [[first, 0]];
  const endings = new Map<string, number>();
  let steps = 0;
  while (level.length > 0) {
    const nextLevel: [World, number][] = [];
    for (const [world, index] of level) {
      const moves = movesOf(world, scope);
      for (const move of moves) {
        steps++;
        const after = copy(world);
        try {
          perform(after, move, scope);
          if (scope.flow) checkWindow(after, scope.flow);
          checkEnd(after);
        } catch (error) {
          throw new Error(
            `${(error as Error).message}\n  after: ${[...traceOf(index, parents, labels), move].join(', ')}`,
          );
        }
        const key = keyOf(after);
        if (seen.has(key)) continue;
        seen.add(key);
        parents.push(index);
        labels.push(move);
        nextLevel.push([after, parents.length - 1]);
        if (isQuiet(after)) {
          const ending = `${after.caller.outcome} / ${after.callee.outcome}`;
          endings.set(ending, (endings.get(ending) ?? 0) + 1);
        }
      }
      if (!moves.some(move => isDue(move, scope)) && !isQuiet(world))
        throw new Error(`nothing can happen any more\n  after: ${traceOf(index, parents, labels).join(', ')}`);
    }
    level = nextLevel;
  }
  return {states: seen.size, steps, endings};
}

type Move =
  | 'callee sends a value'
  | 'caller opens'
  | 'caller consumes'
  | Deed
  | 'function returns'
  | 'function throws'
  | `${'caller' | 'callee'} hears ${Wire}`;

function movesOf(world: World, scope: Scope): Move[] {
  const moves: Move[] = [];
  scope.deeds.forEach((deed, i) => {
    if ((world.deedsLeft & (1 << i)) !== 0 && isAllowed(world, deed, scope.synced)) moves.push(deed);
  });
  if (scope.flow) flowMoves(world, scope.flow, scope.synced, moves);
  if (world.running && mayEnd(world, scope.flow)) moves.push('function returns', 'function throws');
  for (const side of ['caller', 'callee'] as const) {
    const link = side === 'caller' ? world.toCaller : world.toCallee;
    if (link.length === 0) continue;
    moves.push(`${side} hears ${link[0] as Wire}`);
    const passing = link.find(message => urgent.has(message));
    if (passing !== undefined && passing !== link[0]) moves.push(`${side} hears ${passing}`);
  }
  return moves;
}

function flowMoves(world: World, flow: Flow, synced: boolean, moves: Move[]): void {
  const {caller, callee, sent} = world;
  const size = flow.sizes[sent];
  const mayStream = world.running && !world.aborted && (!synced || callee.dialog.started);
  if (size !== undefined && mayStream && mayYield(callee) && senderOf(world, flow).fits(size))
    moves.push('callee sends a value');
  if (!world.opened && !caller.released && caller.outcome === '') moves.push('caller opens');
  if (world.consumed < world.received) moves.push('caller consumes');
}

function mayEnd(world: World, flow: Flow | undefined): boolean {
  return !flow || world.aborted || world.sent === flow.sizes.length || !mayYield(world.callee);
}

/** The moves that happen without anybody's wanting them: at any moment, or all would wait for ever. */
function isDue(move: Move, {deeds}: Scope): boolean {
  return move === 'callee started' || !deeds.includes(move as Deed);
}

/** The sender's credit as it must be after so many values and grants. */
function senderOf(world: World, flow: Flow): SendCredit {
  const credit = flow.newSender?.() ?? new SendCredit();
  if (world.heard !== '') {
    credit.grant(flow.window, flow.windowBytes);
    const {messages, bytes} = grantOf(world.heard);
    credit.grant(messages, bytes);
  }
  for (const size of flow.sizes.slice(0, world.sent)) credit.take(size);
  return credit;
}

/** The receiver's credit; `on` is told of the last grant. */
function receiverOf({opened, received, consumed}: World, flow: Flow, on: (grant: Grant) => void): ReceiveCredit {
  const {window, windowBytes} = flow;
  const credit = flow.newReceiver?.(window, windowBytes) ?? new ReceiveCredit(window, windowBytes);
  if (opened) credit.open();
  flow.sizes.slice(0, received).forEach((size, i) => {
    must(credit.accept(i + 1, size), 'a value came that was beyond the credit');
    if (i >= consumed) return;
    const grant = credit.consume(1, size);
    if (grant && i === consumed - 1) on(grant);
  });
  return credit;
}

function grantOf(text: string): Grant {
  const [messages, bytes] = text.split('/').map(Number) as [number, number];
  return {messages, bytes};
}

function flowMove(world: World, move: Move, flow: Flow): void {
  const {caller, callee} = world;
  const grants = ({messages, bytes}: Grant): void => {
    const {terminal, receiving, lost} = caller.dialog;
    if (terminal !== 'none' || receiving !== 'open' || lost) return;
    world.underway += `${messages}/${bytes};`;
    send(world, caller, 'credit');
  };
  if (move === 'callee sends a value') {
    world.sent++;
    send(world, callee, 'yield');
  } else if (move === 'caller opens') {
    world.opened = true;
    grants({messages: flow.window, bytes: flow.windowBytes});
  } else {
    world.consumed++;
    receiverOf(world, flow, grants);
  }
}

/** The values of a message: by the order of the links it is the next value, the next grant, or all there were. */
function hearFlow(world: World, message: Wire, effects: readonly DialogEffect[], flow: Flow): void {
  const counts = effects.includes('deliver') || effects.includes('conclude');
  if (message === 'credit') {
    const at = world.underway.indexOf(';');
    if (counts) world.heard = world.underway.slice(0, at);
    world.underway = world.underway.slice(at + 1);
  } else if (message === 'yield' && counts) {
    world.received++;
    receiverOf(world, flow, () => {});
  } else if (counts && world.caller.dialog.receiving !== 'closed' && message !== 'started')
    must(world.received === world.sent, `${message} came after ${world.received} of ${world.sent} values`);
}

function checkWindow({caller, sent, consumed}: World, {sizes, window, windowBytes}: Flow): void {
  if (caller.dialog.receiving === 'closed' || caller.outcome !== '') return;
  must(sent - consumed <= window, 'more values are on their way than the window');
  const bytes = sizes.slice(consumed, Math.max(consumed, sent - 1)).reduce((sum, size) => sum + size, 0);
  must(sent === consumed || bytes < windowBytes, 'more bytes are on their way than the window and one value');
}

/** The moves that the floors above the dialog allow: a legal program, not any at all. */
function isAllowed(world: World, deed: Deed, synced: boolean): boolean {
  if (deed === 'loss') return !world.lost;
  const end = deed.startsWith('caller') ? world.caller : world.callee;
  if (end.released) return false;
  const mayStream = !synced || end === world.caller || end.dialog.started;
  switch (deed) {
    case 'callee started':
      return synced && world.running;
    case 'caller yield':
      return mayYield(end) && (!synced || world.startedSent);
    case 'callee yield':
      return mayYield(end) && mayStream && world.running;
    case 'caller credit':
    case 'callee credit':
      return mayStream && end.dialog.terminal === 'none' && !end.dialog.lost;
    case 'callee stop':
    case 'callee close':
      return mayStream;
    default:
      return true;
  }
}

function mayYield({dialog}: End): boolean {
  return dialog.sending === 'open' && dialog.terminal === 'none' && !dialog.lost;
}

function perform(world: World, move: Move, scope: Scope): void {
  const deed = scope.deeds.indexOf(move as Deed);
  if (deed >= 0) world.deedsLeft &= ~(1 << deed);
  if (scope.flow && (move === 'callee sends a value' || move === 'caller opens' || move === 'caller consumes')) {
    flowMove(world, move, scope.flow);
    return;
  }
  if (move === 'loss') {
    lose(world, scope);
    return;
  }
  if (move === 'function returns' || move === 'function throws') {
    world.running = false;
    apply(world, world.callee, move === 'function returns' ? 'returned' : 'threw', scope);
    return;
  }
  const [side, verb, ...rest] = move.split(' ') as ['caller' | 'callee', string, ...string[]];
  const end = world[side];
  if (verb === 'started') world.startedSent = true;
  if (verb === 'hears') hear(world, end, rest.join(' ') as Wire, scope);
  else if (verb === 'yield' || verb === 'credit') send(world, end, verb);
  else apply(world, end, verb as DialogEvent, scope);
}

function hear(world: World, end: End, message: Wire, scope: Scope): void {
  const link = end === world.caller ? world.toCaller : world.toCallee;
  link.splice(link.indexOf(message), 1);
  if (!end.released) {
    const effects = apply(world, end, `peer ${message}` as DialogEvent, scope);
    if (scope.flow && (message === 'credit' || end === world.caller)) hearFlow(world, message, effects, scope.flow);
    return;
  }
  if (scope.flow && message === 'credit') hearFlow(world, message, [], scope.flow);
  const wantsAck = message === 'cancel' || message === 'error' || message === 'error, still running';
  if (end === world.callee && wantsAck && scope.ackStrays !== false) world.toCaller.push('received', 'ended');
}

function lose(world: World, scope: Scope): void {
  world.lost = true;
  world.toCaller = [];
  world.toCallee = [];
  world.underway = '';
  for (const end of [world.caller, world.callee]) if (!end.released) apply(world, end, 'lost', scope);
}

function apply(world: World, end: End, event: DialogEvent, scope: Scope): readonly DialogEffect[] {
  const concluded = end.outcome !== '';
  const mustAbort =
    end === world.callee &&
    world.running &&
    (event === 'lost' ||
      (!concluded && (event === 'fail' || event === 'peer cancel' || event.startsWith('peer error'))));
  const {next, effects} = scope.step(end.dialog, event);
  end.dialog = next;
  for (const effect of effects) carryOut(world, end, event, effect);
  if (mustAbort) must(world.aborted, 'the function was not told to end');
  return effects;
}

function carryOut(world: World, end: End, event: DialogEvent, effect: DialogEffect): void {
  switch (effect) {
    case 'send':
      send(world, end, wireOf(event));
      return;
    case 'deliver':
      must(end.outcome === '', `${event} was delivered after the end`);
      return;
    case 'conclude':
    case 'conclude unstarted':
      must(end.outcome === '', 'an end concluded twice');
      must(effect === 'conclude' || !world.startedSent, 'started was sent, and held to be missing');
      end.outcome = effect === 'conclude unstarted' ? 'unstarted' : outcomeOf(event);
      return;
    case 'abort':
      must(end === world.callee && world.running, 'a function that has ended was told to end');
      world.aborted = true;
      return;
    case 'send received':
      must(world.asked, 'a cancel was acknowledged that nobody sent');
      send(world, end, 'received');
      return;
    case 'send ended':
      must(!world.running, 'ended was said while the function ran');
      must(world.asked || end.sentTerminal === 'error, still running', 'ended was said and nobody waits for it');
      send(world, end, 'ended');
      return;
    case 'ended':
      must(end === world.caller && !world.endedSeen, 'ended was told twice');
      must(!world.running || world.lost, 'the caller was told of an end that has not come');
      must(end.outcome !== '', 'the function has ended before there was an outcome');
      world.endedSeen = true;
      return;
    case 'release':
      must(!end.released, 'an id was released twice');
      must(end !== world.callee || !world.running, 'the id of a running function was released');
      end.released = true;
      return;
    case 'ignore':
      return;
    case 'violation':
    case 'misuse':
      throw new Error(`legal behaviour was called a ${effect}: ${event}`);
  }
}

function send(world: World, end: End, message: Wire): void {
  if (message === 'return' || message.startsWith('error')) {
    must(end.sentTerminal === '', 'an end sent two terminals');
    end.sentTerminal = message;
  } else if (message !== 'received' && message !== 'ended') {
    must(end.sentTerminal === '', `${message} was sent behind the terminal`);
  }
  if (end === world.caller && (message === 'cancel' || message.startsWith('error'))) world.asked = true;
  if (world.lost) throw new Error(`${message} was sent into a lost link`);
  (end === world.caller ? world.toCallee : world.toCaller).push(message);
}

function wireOf(event: DialogEvent): Wire {
  switch (event) {
    case 'fail':
      return 'error, still running';
    case 'returned':
      return 'return';
    case 'threw':
      return 'error';
    case 'started':
    case 'stop':
    case 'close':
    case 'cancel':
      return event;
    default:
      throw new Error(`${event} sends nothing`);
  }
}

function outcomeOf(event: DialogEvent): End['outcome'] {
  if (event === 'lost') return 'lost';
  if (event === 'peer return') return 'peer return';
  if (event.startsWith('peer')) return 'peer error';
  return event === 'returned' ? 'own return' : 'own error';
}

/** The function has settled and nothing is on its way: both ends must be through. */
function isQuiet(world: World): boolean {
  return !world.running && world.toCaller.length === 0 && world.toCallee.length === 0;
}

function checkEnd(world: World): void {
  if (!isQuiet(world)) return;
  const {caller, callee} = world;
  must(caller.outcome !== '' && callee.outcome !== '', 'an end has no outcome');
  must(callee.released, 'the callee keeps the id');
  must(caller.released, 'the caller keeps the id');
  must(world.endedSeen, 'the caller was never told that the function has ended');
  if (world.lost) return;
  // X7, X11: what an end has sent stands there; where it has sent nothing, what it was told stands.
  for (const [end, other] of [
    [caller, callee],
    [callee, caller],
  ] as const) {
    if (end.sentTerminal === 'return') must(end.outcome === 'own return', 'a return that was sent does not stand');
    else if (end.sentTerminal !== '') must(end.outcome === 'own error', 'an error that was sent does not stand');
    else if (other.sentTerminal === 'return')
      must(end.outcome === 'peer return' || end.outcome === 'unstarted', 'a return that was told does not stand');
    else must(end.outcome === 'peer error', 'an error that was told does not stand');
  }
}

function must(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}

function newEnd(side: 'caller' | 'callee', synced: boolean): End {
  return {dialog: newDialog(side, synced), outcome: '', released: false, sentTerminal: ''};
}

function copy(world: World): World {
  return {
    ...world,
    caller: {...world.caller},
    callee: {...world.callee},
    toCaller: [...world.toCaller],
    toCallee: [...world.toCallee],
  };
}

function keyOf(world: World): string {
  const {caller, callee, toCaller, toCallee, ...flags} = world;
  return `${endKey(caller)}|${endKey(callee)}|${toCaller}|${toCallee}|${Object.values(flags).join()}`;
}

function endKey({dialog, outcome, released, sentTerminal}: End): string {
  let known = dialogKeys.get(dialog);
  if (known === undefined) {
    known = Object.values(dialog).join();
    dialogKeys.set(dialog, known);
  }
  return `${known},${outcome},${released},${sentTerminal}`;
}

/** Dialogs never change, and most steps keep them. */
const dialogKeys = new WeakMap<Dialog, string>();

function traceOf(index: number, parents: readonly number[], labels: readonly string[]): string[] {
  const trace: string[] = [];
  for (let i = index; i > 0; i = parents[i] as number) trace.unshift(labels[i] as string);
  return trace;
}
