// The dialog as a pure function: all interleavings at small scope, and the crossings that the rules name.
// Above explore.ts, which is itself tested here: faults that are planted must be found.
import test from 'ava';
import {ReceiveCredit, SendCredit} from '../../../lib/context/flow/credit.js';
import {
  type Dialog,
  type DialogEffect,
  type DialogEvent,
  newDialog,
  type Step,
  step,
} from '../../../lib/context/protocol/dialog.js';
import {type Deed, explore, type Flow, type Scope} from '../model/explore.js';

const cancelling: readonly Deed[] = ['caller cancel', 'caller fail', 'callee started', 'callee fail', 'loss'];
const streaming: readonly Deed[] = [
  'callee started',
  'caller yield',
  'caller credit',
  'caller stop',
  'caller close',
  'callee yield',
  'callee credit',
  'callee stop',
  'callee close',
];
const halfStreaming: readonly Deed[] = ['caller yield', 'caller close', 'callee yield', 'callee stop', 'callee close'];

const holds = test.macro({
  exec(t, scope: Omit<Scope, 'step'>, atLeast: number) {
    const {states, steps, endings} = explore({...scope, step});
    t.log(`${states} states, ${steps} steps; ${[...endings].map(([name, count]) => `${name}: ${count}`).join(', ')}`);
    // Fewer would mean that the exploration has lost its reach.
    t.true(states >= atLeast, `only ${states} states`);
  },
  title: what => `${what}, in every order: one outcome at each end, ids given back, nothing legal refused`,
});

test('cancel, error, start, return and loss of a context', holds, {synced: true, deeds: cancelling}, 1_300);
test('cancel, error, return and loss of a task', holds, {synced: false, deeds: cancelling}, 400);
test('values, credit, stops and closes', holds, {synced: true, deeds: streaming}, 10_000);
test('all of that together', holds, {synced: true, deeds: [...new Set([...cancelling, ...halfStreaming])]}, 100_000);

const flowing: readonly Deed[] = [
  'callee started',
  'caller cancel',
  'callee fail',
  'callee stop',
  'caller close',
  'loss',
];
/** Small values and one that is larger than the window. */
const flow: Flow = {sizes: [1, 5, 1], window: 2, windowBytes: 4};

test(
  'F1, I3, I4: three values by credit, with cancel, error, stop, close and loss',
  holds,
  {synced: true, deeds: flowing, flow},
  30_000,
);
test(
  'F1, I3, I4: three values by a window of one, with cancel, error, stop, close and loss',
  holds,
  {synced: false, deeds: flowing.slice(1), flow: {...flow, window: 1}},
  18_000,
);

class Generous extends SendCredit {
  override fits(bytes: number): boolean {
    return super.fits(bytes) || (this.sent > 0 && this.sent < 3);
  }
}
class Silent extends ReceiveCredit {
  override consume(): undefined {}
}
class Strict extends SendCredit {
  override fits(bytes: number): boolean {
    return bytes < 5 && super.fits(bytes);
  }
}
for (const [what, fault, found] of [
  ['sends beyond its credit', {newSender: () => new Generous()}, /than the window/],
  [
    'never grants anew',
    {newReceiver: (window: number, bytes: number) => new Silent(window, bytes)},
    /nothing can happen any more/,
  ],
  ['never lets a large value go', {newSender: () => new Strict()}, /nothing can happen any more/],
] as const) {
  test(`the exploration finds credit that ${what}`, t => {
    t.throws(() => explore({synced: true, deeds: flowing, step, flow: {...flow, ...fault}}), {message: found});
  });
}

/** A dialog with one fault: where `when` holds, what `instead` says. */
type Fault = (dialog: Dialog, event: DialogEvent, right: Step) => Step;
const finds = test.macro({
  exec(t, fault: Fault, found: RegExp, scope: Partial<Scope> = {}) {
    const faulty = (dialog: Dialog, event: DialogEvent): Step => fault(dialog, event, step(dialog, event));
    const deeds = [...new Set([...cancelling, ...halfStreaming])];
    t.throws(() => explore({synced: true, deeds, step: faulty, ...scope}), {message: found});
  },
  title: what => `the exploration finds a dialog that ${what}`,
});

const without =
  (on: (dialog: Dialog, event: DialogEvent) => boolean, ...unwanted: DialogEffect[]): Fault =>
  (dialog, event, right) =>
    on(dialog, event) ? {...right, effects: right.effects.filter(effect => !unwanted.includes(effect))} : right;

test(
  'does not end a cancelled function',
  finds,
  without((_, event) => event === 'peer cancel', 'abort'),
  /not told to/,
);
test(
  'leaves a task running when the link is lost',
  finds,
  without((_, event) => event === 'lost', 'abort'),
  /not told to/,
);
test('says ended before the function has settled', finds, early, /while the function ran/);
test(
  'never says ended',
  finds,
  without((_, event) => event === 'threw', 'send ended'),
  /the caller keeps the id/,
);
test(
  'forgets that it owes ended after its own error',
  finds,
  (dialog, event, right) => (dialog.side === 'callee' && event === 'fail' ? owingNothing(right) : right),
  /the caller keeps the id/,
);
test(
  'gives an id back while the other function runs',
  finds,
  (dialog, event, right) =>
    dialog.side === 'caller' && event === 'peer error, still running'
      ? {...right, effects: [...right.effects, 'release']}
      : right,
  /never told/,
);
test('concludes twice when errors cross', finds, concludesAlways, /concluded twice/);
test('refuses a value behind its own close', finds, refusing('peer yield'), /called a violation: peer yield/);
test('refuses a stop behind its own close', finds, refusing('peer stop'), /called a violation: peer stop/);
test('refuses what crosses its own error', finds, refusing('peer started'), /called a violation: peer started/);
test(
  'sends a second terminal when it returns after an error',
  finds,
  (dialog, event, right) =>
    event === 'returned' && dialog.terminal !== 'none' && !dialog.lost
      ? {...right, effects: ['send', ...right.effects]}
      : right,
  /two terminals/,
);
test(
  'does not acknowledge the cancel of a context that is gone',
  finds,
  (_, __, right) => right,
  /caller keeps the id/,
  {
    ackStrays: false,
  },
);

function early(_: Dialog, event: DialogEvent, right: Step): Step {
  return event === 'peer cancel' ? {...right, effects: [...right.effects, 'send ended']} : right;
}

function owingNothing(right: Step): Step {
  return {...right, next: {...right.next, owesEnded: false}};
}

function concludesAlways(_: Dialog, event: DialogEvent, right: Step): Step {
  return event === 'peer error, still running' && right.effects.includes('ignore')
    ? {...right, effects: ['conclude']}
    : right;
}

function refusing(what: DialogEvent): Fault {
  return (_, event, right) =>
    event === what && right.effects.includes('ignore') ? {...right, effects: ['violation']} : right;
}

/** Plays events into one end; gives the effects of the last, and the state behind it. */
function play(dialog: Dialog, ...events: DialogEvent[]): Step {
  let result: Step = {next: dialog, effects: []};
  for (const event of events) result = step(result.next, event);
  return result;
}

const caller = (): Dialog => newDialog('caller', true);
const callee = (): Dialog => newDialog('callee', true);

const plays = test.macro(
  (t, dialog: Dialog, events: DialogEvent[], effects: DialogEffect[], next: Partial<Dialog> = {}) => {
    const result = play(dialog, ...events);
    t.deepEqual(result.effects, effects);
    t.like(result.next, {side: dialog.side, ...next});
  },
);

test(
  'C2: a return without started concludes as unstarted',
  plays,
  caller(),
  ['peer return'],
  ['conclude unstarted', 'ended', 'release'],
);
test(
  'C2: a task may return without started',
  plays,
  newDialog('caller', false),
  ['peer return'],
  ['conclude', 'ended', 'release'],
);
test('C2: an error before started is the outcome', plays, caller(), ['peer error'], ['conclude', 'ended', 'release']);
test('C2: a loss before started is the outcome', plays, caller(), ['lost'], ['conclude', 'ended', 'release']);
test('C3: started goes out once', plays, callee(), ['started'], ['send'], {started: true});
test('C3: a second started is a misuse', plays, callee(), ['started', 'started'], ['misuse']);
test(
  'C3: started in a function that has no sync point is a misuse',
  plays,
  newDialog('callee', false),
  ['started'],
  ['misuse'],
);
test('C3: started after the own end is ignored', plays, callee(), ['fail', 'started'], ['ignore']);
test('C3: started after the loss of the channel is ignored', plays, callee(), ['lost', 'started'], ['ignore']);
test(
  'C3: started after a cancel still goes out: the function may yet return',
  plays,
  callee(),
  ['peer cancel', 'started'],
  ['send'],
);
test('C8: started twice is a violation', plays, caller(), ['peer started', 'peer started'], ['violation']);
test('C8: started of a task is a violation', plays, newDialog('caller', false), ['peer started'], ['violation']);
test('C8: started of a caller is a violation', plays, callee(), ['peer started'], ['violation']);
test('C8: a value before started is a violation', plays, caller(), ['peer yield'], ['violation']);
test('C8: a value of a stream needs no started', plays, newDialog('caller', false), ['peer yield'], ['deliver']);
test(
  'C8: a value behind the own Stop of its sender is a violation',
  plays,
  caller(),
  ['peer started', 'peer stop', 'peer yield'],
  ['violation'],
);
test('C8: a return of a caller is a violation', plays, callee(), ['peer return'], ['violation']);
test(
  'C8: a return behind a return is a violation',
  plays,
  caller(),
  ['cancel', 'peer return', 'peer return'],
  ['violation'],
);
test(
  'C8: an error behind a return is a violation',
  plays,
  caller(),
  ['peer started', 'cancel', 'peer return', 'peer error'],
  ['violation'],
);
test('C8: a cancel of a callee is a violation', plays, caller(), ['peer cancel'], ['violation']);
test('C8: received at a callee is a violation', plays, callee(), ['peer received'], ['violation']);
test('C8: ended before any terminal is a violation', plays, caller(), ['cancel', 'peer ended'], ['violation']);
test('C8: a second cancel is ignored', plays, callee(), ['peer cancel', 'peer cancel'], ['ignore']);
test('C8: received without a cancel is ignored', plays, caller(), ['peer received'], ['ignore']);
test(
  'C7: a return behind a close of the stream is the outcome',
  plays,
  caller(),
  ['peer started', 'close', 'peer return'],
  ['conclude', 'ended', 'release'],
  {terminal: 'returned'},
);
test(
  'C7: a return behind a close by the peer is the outcome',
  plays,
  caller(),
  ['peer started', 'peer close', 'peer return'],
  ['conclude', 'ended', 'release'],
);
test('C9: a loss ends the function at the callee', plays, callee(), ['lost'], ['conclude', 'abort'], {lost: true});
test('C9: a second loss is nothing', plays, callee(), ['lost', 'lost'], []);
test('C9: a function that settles after the loss sends nothing', plays, callee(), ['lost', 'threw'], ['release']);
test(
  'C9: a function that settles after a cancel and the loss sends nothing',
  plays,
  callee(),
  ['peer cancel', 'lost', 'returned'],
  ['release'],
);
test('S2: Stop leaves the other direction open', plays, caller(), ['peer started', 'peer stop', 'stop'], ['send'], {
  receiving: 'stopped',
  sending: 'stopped',
});
test('S2: a second Stop goes nowhere', plays, caller(), ['stop', 'stop'], []);
test('S2: a second Stop that comes is ignored', plays, caller(), ['peer stop', 'peer stop'], ['ignore']);
test('S2: a Stop after the end is ignored', plays, caller(), ['fail', 'peer stop'], ['ignore']);
test('S2: close ends both directions', plays, caller(), ['peer started', 'close'], ['send'], {
  receiving: 'closed',
  sending: 'stopped',
});
test('S2: a second close goes nowhere', plays, caller(), ['close', 'close'], []);
test('S2: a close after Stop still says that nothing more is wanted', plays, caller(), ['stop', 'close'], ['send']);
test('S2: a close that comes refuses what this end would send', plays, caller(), ['peer close'], ['deliver'], {
  sending: 'refused',
  receiving: 'stopped',
});
test('S2: a Stop behind a close that came goes nowhere', plays, caller(), ['peer close', 'stop'], []);
test('S2: closes that cross close', plays, caller(), ['close', 'peer close'], ['deliver'], {
  sending: 'refused',
  receiving: 'closed',
});
test(
  'S2: what was on its way to a closed end is dropped',
  plays,
  caller(),
  ['peer started', 'close', 'peer yield'],
  ['ignore'],
);
test('S2: credit for an end that has stopped is ignored', plays, caller(), ['stop', 'peer credit'], ['ignore']);
test('X1: a Stop that comes leaves the function running', plays, callee(), ['started', 'peer stop'], ['deliver']);
test('X1: a close that comes leaves the function running', plays, callee(), ['started', 'peer close'], ['deliver']);
test(
  'X2: a cancel is acknowledged as received, and ends the function',
  plays,
  callee(),
  ['peer cancel'],
  ['send received', 'abort'],
);
test(
  'X2: ended is said when the function has settled, behind its terminal',
  plays,
  callee(),
  ['peer cancel', 'threw'],
  ['send', 'send ended', 'conclude', 'release'],
);
test('X2: a second cancel sends nothing', plays, caller(), ['cancel', 'cancel'], []);
test(
  'X2: the caller waits for ended behind the terminal',
  plays,
  caller(),
  ['cancel', 'peer received', 'peer error'],
  ['conclude'],
  {settled: true},
);
test(
  'X2: ended lets the id go',
  plays,
  caller(),
  ['cancel', 'peer received', 'peer error', 'peer ended'],
  ['ended', 'release'],
);
test(
  'X2: the loss of the channel ends the wait for ended',
  plays,
  caller(),
  ['cancel', 'peer error', 'lost'],
  ['ended', 'release'],
);
test(
  'X7: cancel crosses return: the return stands at the caller',
  plays,
  caller(),
  ['peer started', 'cancel', 'peer return'],
  ['conclude'],
  {terminal: 'returned'},
);
test(
  'X7: cancel crosses return: its late acknowledgements let the id go',
  plays,
  caller(),
  ['peer started', 'cancel', 'peer return', 'peer received', 'peer ended'],
  ['ended', 'release'],
  {terminal: 'returned'},
);
test(
  'X7: error crosses cancel: the error stands at the callee, the cancel is acknowledged',
  plays,
  callee(),
  ['fail', 'peer cancel'],
  ['send received'],
  {terminal: 'failed', owesEnded: true},
);
test(
  'X7: error crosses cancel: the error stands at the caller, ended is still to come',
  plays,
  caller(),
  ['cancel', 'peer error, still running'],
  ['conclude'],
  {terminal: 'failed', settled: false},
);
test(
  'X7: a return after a cancel stands: the function chose so',
  plays,
  callee(),
  ['peer cancel', 'returned'],
  ['send', 'send ended', 'conclude', 'release'],
  {terminal: 'returned'},
);
test('X11: an end that fails sends one error', plays, caller(), ['fail', 'fail'], ['ignore']);
test('X11: a callee that fails ends its function', plays, callee(), ['fail'], ['send', 'conclude', 'abort']);
test(
  'X11: a callee that failed says ended once its function has settled',
  plays,
  callee(),
  ['fail', 'threw'],
  ['send ended', 'release'],
);
test(
  'X11: errors cross: the callee keeps its own and acknowledges',
  plays,
  callee(),
  ['fail', 'peer error, still running'],
  ['send received'],
  {terminal: 'failed'},
);
test('X11: errors cross: the caller keeps its own', plays, caller(), ['fail', 'peer error'], ['ignore'], {
  terminal: 'failed',
});
test(
  'X11: an error of the caller counts as a cancel',
  plays,
  callee(),
  ['peer error, still running'],
  ['send received', 'conclude', 'abort'],
  {cancel: 'received', owesEnded: true},
);
test(
  'X11: an error behind a cancel is not acknowledged twice',
  plays,
  callee(),
  ['peer cancel', 'peer error, still running'],
  ['conclude', 'abort'],
  {terminal: 'failed'},
);
test(
  'X11: an error that was told is not sent back',
  plays,
  callee(),
  ['peer error, still running', 'threw'],
  ['send ended', 'release'],
);
test(
  'X11: a return that crosses an error of the caller is ignored there',
  plays,
  caller(),
  ['peer started', 'fail', 'peer return'],
  ['ignore'],
  {settled: true, terminal: 'failed'},
);
