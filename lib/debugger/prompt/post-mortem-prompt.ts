/**
 * The prompt of a crash, in the thread in which something has failed. The event loop of this thread runs on. A
 * breakpoint in a thread that cannot be stopped gets the same prompt.
 * Floor 7: below `user-interface`, above `conversation` and the captured frames.
 */
import {onAbort} from '../../base/abort.js';
import type {ActorId} from '../../base/actor-id.js';
import {plainClock} from '../../base/clock.js';
import {framesOf} from '../frames/capture.js';
import {CapturedDebuggee} from '../frames/captured-debuggee.js';
import type {CapturedFrame} from '../frames/captured-frame.js';
import {framesOfStack} from '../frames/stack-frames.js';
import {CommandLanguage, type PromptEnd} from './command-language.js';
import {Conversation} from './conversation.js';
import {crashReport} from './crash-report.js';
import {PromptMemory} from './prompt-memory.js';

const memory = new PromptMemory();

export interface PostMortemPromptOptions {
  /** The path at which the terminal listens. */
  readonly terminal: string;
  readonly actor: ActorId;
  /** The name of the task that has failed, for people. */
  readonly task: string;
  readonly error: unknown;
  /** The frames in which `postMortem()` was called, if it was. They are shown when the throw was not captured. */
  readonly here?: readonly CapturedFrame[] | undefined;
  /** The frames in which a breakpoint was called. Then nothing has failed, and there is no error. */
  readonly call?: readonly CapturedFrame[] | undefined;
  /** Aborted when the terminal is lost: this ends the prompt. */
  readonly signal: AbortSignal;
}

/**
 * Resolves with how the prompt ended, or why there was none. Never rejects: an error that nobody can look at goes on.
 */
export function openPostMortemPrompt(
  options: PostMortemPromptOptions,
): Promise<PromptEnd | {readonly refused: string}> {
  return new Promise(resolve => {
    const {terminal, actor, task, error, here, call, signal} = options;
    const debuggee = new CapturedDebuggee(call ?? framesOf(error) ?? here ?? framesOfStack(error));
    let stopListening = (): void => {};
    const end = (how: PromptEnd | {readonly refused: string}): void => {
      stopListening();
      resolve(how);
    };
    const refused = (why: string): void => end({refused: why});
    const opened = async (): Promise<void> => {
      const unname = call ? () => {} : nameGlobally(error);
      if (!call) conversation.print(crashReport(actor, task, error));
      const how = await conversation.talk();
      unname();
      await conversation.close();
      end(how);
    };
    const lost = (): void => {
      debuggee.interrupt();
      if (!isOpen) refused('the terminal cannot be reached');
    };
    let isOpen = false;
    const language = new CommandLanguage(debuggee, memory);
    const conversation = new Conversation(terminal, actor.name, language, {
      opened: ({columns, colours}) => {
        isOpen = true;
        debuggee.columns = columns;
        debuggee.colours = colours;
        language.colours = colours;
        void opened();
      },
      refused,
      // In the next turn: the line before the Ctrl-C may have come in the same moment, and has not begun to wait then.
      interrupt: () => void plainClock.soon(() => debuggee.interrupt()),
      calm: () => {},
      lost,
    });
    stopListening = onAbort(signal, () => {
      conversation.abandon();
      lost();
    });
  });
}

/** Gives the error to expressions under the names `error` and `_error`. A variable of the frame hides these names. */
function nameGlobally(error: unknown): () => void {
  const globals = globalThis as unknown as Record<string, unknown>;
  const names = ['error', '_error'].filter(name => !(name in globals));
  for (const name of names)
    Object.defineProperty(globals, name, {value: error, configurable: true, writable: true, enumerable: false});
  return () => {
    for (const name of names) delete globals[name];
  };
}
