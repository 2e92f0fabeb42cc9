/**
 * The events of its process that a program handles: signals, and errors that nothing has caught.
 * Floor 8: below `main`, which releases them at the end.
 */
import {constants} from 'node:os';
import {isatty} from 'node:tty';
import type {Actor} from './actor/actor.js';
import {surveyOf} from './actor/survey.js';
import {ContextCancelled} from './base/errors.js';
import {thrownText} from './base/foreign.js';
import {hooks, lookedAt} from './base/hooks.js';
import {log} from './base/log.js';
import {drawSurvey} from './base/tree-survey.js';
import {isUnderNodemon} from './nodemon.js';
import type {RunningNursery} from './nursery/running-nursery.js';

/** The signals that end a program. */
const endings = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** Also SIGUSR2, where nodemon has started the program. */
type ShutdownSignal = (typeof endings)[number] | 'SIGUSR2';
/** Maximum time in ms that the process lives on after the tree is gone, because the body may never end. */
const lingerMs = 1_000;

export interface HandledSignals {
  /** Whether one of the signals has come. */
  readonly received: boolean;
  /** Ends the tree as after this signal. */
  end(signal: ShutdownSignal): void;
  release(): void;
}

/**
 * The first signal cancels the tree. After it the default action is back, so that a second signal ends the process at
 * once.
 */
export function handleSignals(root: Actor, nursery: RunningNursery): HandledSignals {
  let received: ShutdownSignal | undefined;
  const terminals = [0, 1, 2].filter(isatty);
  const release = (): void => {
    for (const signal of endings) process.off(signal, shutDown);
    process.off('SIGINT', interrupted);
  };
  // The second Ctrl-C, in debug mode: a prompt may have been opened since the first.
  const interrupted = (signal: NodeJS.Signals): void => {
    if (isAtPrompt(root)) return;
    release();
    process.kill(process.pid, signal);
  };
  const shutDown = (signal: NodeJS.Signals): void => {
    // At a prompt Ctrl-C means the line that is being typed, and never the tree.
    if (signal === 'SIGINT' && isAtPrompt(root)) return;
    end(signal as ShutdownSignal);
  };
  const end = (signal: ShutdownSignal): void => {
    if (received) return;
    received = signal;
    release();
    if (signal === 'SIGHUP') {
      hooks.hungUp?.(root.id.id);
      process.on('exit', () => endWithoutTerminal(terminals));
    }
    if (root.tree.debug) process.on('SIGINT', interrupted);
    process.exitCode = 128 + constants.signals[signal];
    endTree(root, nursery, `the program was ended by ${signal}`, signal);
  };
  for (const signal of endings) process.on(signal, shutDown);
  return {
    get received() {
      return received !== undefined;
    },
    end,
    release,
  };
}

/**
 * When the terminal is gone, Node cannot restore it at the exit, and aborts. The signal itself, which nothing handles any
 * more, ends the process before that, and a shell sees the same code.
 */
function endWithoutTerminal(terminals: readonly number[]): void {
  process.removeAllListeners('SIGHUP');
  if (terminals.some(fd => !isatty(fd))) process.kill(process.pid, 'SIGHUP');
}

export interface HandledErrors {
  /** Whether an error came that nothing had caught. */
  readonly received: boolean;
  /** Resolves when somebody has looked at the errors, in debug mode. */
  readonly shown: Promise<void> | undefined;
  release(): void;
}

/**
 * Errors that nothing has caught. A cancellation is dropped, because the work that it ended has been told. Any other error
 * is printed, and ends the tree in order.
 */
export function handleUncaught(root: Actor, nursery: RunningNursery): HandledErrors {
  let received = false;
  let shown: Promise<void> | undefined;
  const onUncaught = (error: unknown): void => {
    if (error instanceof ContextCancelled || othersDecide('uncaughtException')) return;
    if (hooks.isOfPrompt?.()) return log('warn', 'nothing has caught what was left by code of the prompt', {error});
    if (!hooks.crashed) return print(error);
    // The person at the terminal looks at the first error, because that error ends the tree. Later errors are printed after it.
    shown = shown ? shown.then(() => print(error)) : Promise.resolve(lookedAt(root.id.id, root.scope, error, print));
  };
  const print = (error: unknown): void => {
    process.exitCode = 1;
    printError(error);
    received = true;
    endTree(root, nursery, 'the program was ended by an error that nothing caught', error);
  };
  process.on('uncaughtException', onUncaught);
  return {
    get received() {
      return received;
    },
    get shown() {
      return shown;
    },
    release: () => void process.off('uncaughtException', onUncaught),
  };
}

/** Whether the program has a listener of its own for what nothing has caught. Then that listener decides, and not the runtime. */
export function othersDecide(event: 'uncaughtException' | 'unhandledRejection'): boolean {
  return process.listenerCount(event) > 1;
}

/** Prints an error as Node does. To show a value may run its code: when that throws, as much is printed as can be read. */
export function printError(error: unknown): void {
  try {
    console.error(error);
  } catch {
    console.error(thrownText(error));
  }
}

/**
 * SIGUSR2 prints the tree of actors and what each waits for, also while the tree is being ended. Where nodemon has started the
 * program, it means that a file has changed: the tree ends, and the program by the same signal, because nodemon then starts it
 * again. SIGUSR1 does nothing: without a listener Node would open an inspector, through which every user of the host could run
 * code. Returns how to stop it.
 */
export function handleUserSignal(root: Actor, signals: HandledSignals): () => void {
  let isPrinting = false;
  const print = async (): Promise<void> => {
    if (isPrinting) return;
    isPrinting = true;
    process.stderr.write(`${drawSurvey(await surveyOf(root))}\n`);
    isPrinting = false;
  };
  const endForNodemon = (): void => {
    if (!signals.received) process.on('exit', endBySignal);
    signals.end('SIGUSR2');
  };
  const handle = (): void => void (isUnderNodemon() ? endForNodemon() : print());
  process.on('SIGUSR2', handle);
  process.on('SIGUSR1', ignore);
  return () => {
    process.off('SIGUSR2', handle);
    process.off('SIGUSR1', ignore);
  };
}

function ignore(): void {}

function endBySignal(): void {
  process.removeAllListeners('SIGUSR2');
  process.kill(process.pid, 'SIGUSR2');
}

/** Ends the tree. After that the body, and the handles of the user, have a moment, and no more. */
function endTree(root: Actor, nursery: RunningNursery, message: string, cause: unknown): void {
  const why = new ContextCancelled(message, {canceller: root.id, reason: 'shutdown', cause});
  // When the body itself stands at a prompt, its moment begins after the prompt.
  const exitSoon = (): unknown => root.scope.clock.limit(lingerMs, () => process.exit(), {background: true});
  void nursery.shutdown(why).then(exitSoon);
}

function isAtPrompt(root: Actor): boolean {
  return root.scope.clock.standsStill;
}
