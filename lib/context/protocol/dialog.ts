/**
 * The protocol of one context, as a pure function: (state, event) → (next state, effects).
 * Floor 4, room `protocol`: no I/O, no clock. `link` tells it each event, and carries out the effects.
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
 * An Error of the caller counts as a Cancel, and is acknowledged like one. The callee may send an Error while its function
 * still runs. Then `ended` follows when the function has settled.
 */

export interface Dialog {
  readonly side: 'caller' | 'callee';
  /** Whether the dialog has a sync point (kind `context`). */
  readonly synced: boolean;
  readonly started: boolean;
  /** `refused`: the peer has closed the stream. */
  readonly sending: 'open' | 'stopped' | 'refused';
  /** `stopped`: the peer sends no more. `closed`: this end has closed the stream, and drops the values that still come. */
  readonly receiving: 'open' | 'stopped' | 'closed';
  readonly cancel: 'none' | 'asked' | 'received';
  readonly terminal: 'none' | 'returned' | 'failed';
  /** Whether the function has ended, as far as this end knows. */
  readonly settled: boolean;
  /** Callee: the caller waits for `ended`, which is sent when the function has settled. */
  readonly owesEnded: boolean;
  readonly lost: boolean;
}

/** How a context ended, as one end sees it. */
export type Outcome =
  | {readonly kind: 'returned'; readonly value: unknown}
  | {readonly kind: 'failed'; readonly error: unknown};

/** Things that this end does, and messages that arrive from the peer (`peer …`). Payloads travel beside the event. */
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
  /** Send the message of the event. */
  | 'send'
  /** Hand the payload of the event up. */
  | 'deliver'
  /** This end has its outcome, which the event carries. */
  | 'conclude'
  /** This end has its outcome: the callee returned without calling `started`. */
  | 'conclude unstarted'
  /** Tell the running function to end. */
  | 'abort'
  | 'send received'
  | 'send ended'
  /** The function at the other end has ended, its finalizers included. */
  | 'ended'
  /** Both ends have finished, so that the id can be forgotten. */
  | 'release'
  /** The message came late, which is legal. It is only counted. */
  | 'ignore'
  /** No order of crossing messages explains the message, so that the context fails. */
  | 'violation'
  /** The function at this end made a mistake, which is thrown to it. */
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

/** Caller: the callee's Error has arrived. When a cancel is under way, or the function still runs, `ended` follows. */
function calleeFailed(dialog: Dialog, event: 'peer error' | 'peer error, still running'): Step {
  if (dialog.settled || dialog.terminal === 'returned') return still(dialog, violated);
  const next: Dialog = {...dialog, terminal: 'failed', settled: event === 'peer error'};
  if (dialog.terminal === 'failed') return {next, effects: ignored};
  return concluded(next, 'conclude');
}

/** Callee: the caller's Error counts as a cancel. When this end has sent an error before, that error stands here. */
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

/** Caller: the outcome is known. The id stays as long as `ended` is still to come. */
function concluded(next: Dialog, effect: 'conclude' | 'conclude unstarted'): Step {
  return {next, effects: next.settled && next.cancel === 'none' ? [effect, 'ended', 'release'] : [effect]};
}

function lost(dialog: Dialog): Step {
  if (dialog.lost) return still(dialog, nothing);
  const next: Dialog = {...dialog, lost: true, terminal: dialog.terminal === 'none' ? 'failed' : dialog.terminal};
  const effects: DialogEffect[] = [];
  if (dialog.terminal === 'none') effects.push('conclude');
  // A task does not outlive the channel over which it was requested (rule C9).
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

// The effects of the steps of every value on its way.
const nothing: readonly DialogEffect[] = [];
const sent: readonly DialogEffect[] = ['send'];
const delivered: readonly DialogEffect[] = ['deliver'];
const ignored: readonly DialogEffect[] = ['ignore'];
const violated: readonly DialogEffect[] = ['violation'];
const misused: readonly DialogEffect[] = ['misuse'];
