/**
 * The protocol of one context, as a pure function: (state, event) → (next state, effects).
 * Floor 4: no I/O, no clock, no RxJS; `link` feeds it with what happens and carries out what it says.
 *
 * ```
 * caller                                     callee
 *   Start ─────────────────────────────────▶  the function runs
 *   ◀──────────────────────────────── Started  (contexts only: the sync point)
 *   Yield, Credit, Stop ◀──────────────▶ Yield, Credit, Stop
 *   ◀─────────────────────────── Return | Error  terminal, once
 *
 *   Cancel ────────────────────────────────▶
 *   ◀───────────────────────── CancelAck received
 *   ◀─────────────────────────── Return | Error
 *   ◀─────────────────────────── CancelAck ended  every finalizer has run
 * ```
 * An Error of the caller counts as a Cancel and is acknowledged like one. An Error that the callee sends while
 * its function still runs is followed by `ended` when that has settled.
 */

export interface Dialog {
  readonly side: 'caller' | 'callee';
  /** Whether the dialog has a sync point (kind `context`). */
  readonly synced: boolean;
  readonly started: boolean;
  /** `refused`: the peer wants no more. */
  readonly sending: 'open' | 'stopped' | 'refused';
  /** `stopped` by the peer, `closed` by this end: what still comes then is dropped. */
  readonly receiving: 'open' | 'stopped' | 'closed';
  readonly cancel: 'none' | 'asked' | 'received';
  readonly terminal: 'none' | 'returned' | 'failed';
  /** Whether the function has ended, as far as this end knows. */
  readonly settled: boolean;
  /** Callee: `ended` is owed to the caller once the function has settled. */
  readonly owesEnded: boolean;
  readonly lost: boolean;
}

/** How a context ended, as one end sees it. */
export type Outcome =
  | {readonly kind: 'returned'; readonly value: unknown}
  | {readonly kind: 'failed'; readonly error: unknown};

/** What this end does, and what arrives from the other. Payloads travel beside the event. */
export type DialogEvent =
  | 'started'
  | 'stop'
  | 'close'
  | 'fail'
  | 'cancel'
  | 'returned'
  | 'threw'
  | 'peer started'
  | 'peer yield'
  | 'peer credit'
  | 'peer stop'
  | 'peer close'
  | 'peer return'
  | 'peer error'
  | 'peer error, still running'
  | 'peer cancel'
  | 'peer received'
  | 'peer ended'
  | 'lost';

export type DialogEffect =
  /** The message of the event goes out. */
  | 'send'
  /** The payload of the event is handed up. */
  | 'deliver'
  /** This end has its outcome: what the event carries. */
  | 'conclude'
  /** The outcome is that the callee never called `started`. */
  | 'conclude unstarted'
  /** The running function is told to end. */
  | 'abort'
  | 'send received'
  | 'send ended'
  /** The function at the other end has ended, its finalizers included. */
  | 'ended'
  /** Both ends are through: the id can be forgotten. */
  | 'release'
  /** Late, legal, of no consequence: counted. */
  | 'ignore'
  /** No interleaving explains it: the context fails. */
  | 'violation'
  /** A mistake of the function at this end, reported to it. */
  | 'misuse';

export interface Step {
  readonly next: Dialog;
  readonly effects: readonly DialogEffect[];
}

export function newDialog(side: 'caller' | 'callee', synced: boolean): Dialog {
  return {
    side,
    synced,
    started: false,
    sending: 'open',
    receiving: 'open',
    cancel: 'none',
    terminal: 'none',
    settled: false,
    owesEnded: false,
    lost: false,
  };
}

export function step(dialog: Dialog, event: DialogEvent): Step {
  switch (event) {
    case 'started':
      if (dialog.terminal !== 'none' || dialog.lost) return still(dialog, ignored);
      if (dialog.started || !dialog.synced) return still(dialog, misused);
      return {next: {...dialog, started: true}, effects: sent};
    case 'stop':
      if (isOver(dialog) || dialog.sending !== 'open') return still(dialog, nothing);
      return {next: {...dialog, sending: 'stopped'}, effects: sent};
    case 'close':
      if (isOver(dialog) || dialog.receiving === 'closed') return still(dialog, nothing);
      return {
        next: {...dialog, sending: dialog.sending === 'open' ? 'stopped' : dialog.sending, receiving: 'closed'},
        effects: sent,
      };
    case 'cancel':
      if (isOver(dialog) || dialog.cancel !== 'none') return still(dialog, nothing);
      return {next: {...dialog, cancel: 'asked'}, effects: sent};
    case 'fail':
      if (isOver(dialog)) return still(dialog, ignored);
      return dialog.side === 'caller'
        ? {
            next: {...dialog, terminal: 'failed', cancel: dialog.cancel === 'none' ? 'asked' : dialog.cancel},
            effects: ['send', 'conclude'],
          }
        : {next: {...dialog, terminal: 'failed', owesEnded: true}, effects: ['send', 'conclude', 'abort']};
    case 'returned':
    case 'threw':
      return settle(dialog, event);

    case 'peer started':
      if (dialog.side !== 'caller' || !dialog.synced || dialog.started) return still(dialog, violated);
      return dialog.terminal === 'none'
        ? {next: {...dialog, started: true}, effects: delivered}
        : {next: {...dialog, started: true}, effects: ignored};
    case 'peer yield':
      if (dialog.terminal !== 'none' || dialog.receiving === 'closed') return still(dialog, ignored);
      if (dialog.receiving === 'stopped') return still(dialog, violated);
      if (dialog.side === 'caller' && dialog.synced && !dialog.started) return still(dialog, violated);
      return still(dialog, delivered);
    case 'peer credit':
      return still(dialog, dialog.terminal === 'none' && dialog.sending === 'open' ? delivered : ignored);
    case 'peer stop':
      if (dialog.terminal !== 'none' || dialog.receiving !== 'open') return still(dialog, ignored);
      return {next: {...dialog, receiving: 'stopped'}, effects: delivered};
    case 'peer close':
      if (dialog.terminal !== 'none') return still(dialog, ignored);
      return {
        next: {...dialog, receiving: dialog.receiving === 'open' ? 'stopped' : dialog.receiving, sending: 'refused'},
        effects: delivered,
      };
    case 'peer return':
      if (dialog.side !== 'caller' || dialog.settled || dialog.terminal === 'returned') return still(dialog, violated);
      if (dialog.terminal === 'failed') return {next: {...dialog, settled: true}, effects: ignored};
      return concluded(
        {...dialog, terminal: 'returned', settled: true},
        dialog.synced && !dialog.started ? 'conclude unstarted' : 'conclude',
      );
    case 'peer error':
    case 'peer error, still running':
      return dialog.side === 'caller' ? calleeFailed(dialog, event) : callerFailed(dialog);
    case 'peer cancel':
      if (dialog.side !== 'callee') return still(dialog, violated);
      if (dialog.cancel !== 'none') return still(dialog, ignored);
      return {
        next: {...dialog, cancel: 'received', owesEnded: true},
        effects: dialog.terminal === 'none' ? ['send received', 'abort'] : ['send received'],
      };
    case 'peer received':
      if (dialog.side !== 'caller') return still(dialog, violated);
      return dialog.cancel === 'asked'
        ? {next: {...dialog, cancel: 'received'}, effects: nothing}
        : still(dialog, ignored);
    case 'peer ended':
      if (dialog.side !== 'caller' || dialog.terminal === 'none') return still(dialog, violated);
      return {next: {...dialog, settled: true}, effects: ['ended', 'release']};
    case 'lost':
      return lost(dialog);
  }
}

/** The function at this end (callee) has settled. */
function settle(dialog: Dialog, event: 'returned' | 'threw'): Step {
  const next: Dialog = {
    ...dialog,
    settled: true,
    terminal: dialog.terminal === 'none' ? (event === 'returned' ? 'returned' : 'failed') : dialog.terminal,
  };
  const effects: DialogEffect[] = [];
  if (!dialog.lost) {
    if (dialog.terminal === 'none') effects.push('send');
    if (dialog.owesEnded) effects.push('send ended');
  }
  if (dialog.terminal === 'none') effects.push('conclude');
  effects.push('release');
  return {next, effects};
}

/** Caller: the callee's Error has arrived. With a cancel under way, or a function that still runs, `ended` follows. */
function calleeFailed(dialog: Dialog, event: 'peer error' | 'peer error, still running'): Step {
  if (dialog.settled || dialog.terminal === 'returned') return still(dialog, violated);
  const next: Dialog = {...dialog, terminal: 'failed', settled: event === 'peer error'};
  if (dialog.terminal === 'failed') return {next, effects: ignored};
  return concluded(next, 'conclude');
}

/** Callee: the caller's Error counts as a cancel. The error that was sent first from here stands here. */
function callerFailed(dialog: Dialog): Step {
  if (dialog.cancel !== 'none' && dialog.terminal !== 'none') return still(dialog, ignored);
  const next: Dialog = {
    ...dialog,
    cancel: 'received',
    owesEnded: true,
    terminal: dialog.terminal === 'none' ? 'failed' : dialog.terminal,
  };
  const effects: DialogEffect[] = dialog.cancel === 'none' ? ['send received'] : [];
  if (dialog.terminal === 'none') effects.push('conclude', 'abort');
  return {next, effects};
}

/** Caller: the outcome is here. The id stays while `ended` is still to come. */
function concluded(next: Dialog, effect: 'conclude' | 'conclude unstarted'): Step {
  return {next, effects: next.settled && next.cancel === 'none' ? [effect, 'ended', 'release'] : [effect]};
}

function lost(dialog: Dialog): Step {
  if (dialog.lost) return still(dialog, nothing);
  const next: Dialog = {...dialog, lost: true, terminal: dialog.terminal === 'none' ? 'failed' : dialog.terminal};
  const effects: DialogEffect[] = [];
  if (dialog.terminal === 'none') effects.push('conclude');
  // A task that was requested over a channel does not outlive it.
  if (dialog.side === 'callee') effects.push('abort');
  else effects.push('ended', 'release');
  return {next, effects};
}

function isOver(dialog: Dialog): boolean {
  return dialog.terminal !== 'none' || dialog.lost;
}

function still(next: Dialog, effects: readonly DialogEffect[]): Step {
  return {next, effects};
}

// Shared, so that a value on its way costs no array.
const nothing: readonly DialogEffect[] = [];
const sent: readonly DialogEffect[] = ['send'];
const delivered: readonly DialogEffect[] = ['deliver'];
const ignored: readonly DialogEffect[] = ['ignore'];
const violated: readonly DialogEffect[] = ['violation'];
const misused: readonly DialogEffect[] = ['misuse'];
