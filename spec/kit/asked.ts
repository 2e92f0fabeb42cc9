// The person at the prompt, in this very process: a spec sees who stands there, and lets them go on.
// Beside prompts.ts, which does the same for processes. Whoever imports it has it.
import {type PromptAnswer, type PromptRequest, userInterface} from '../../lib/debugger/prompt/user-interface.js';
import {turns, until} from './pair.js';

export interface Asked extends PromptRequest {
  answer(word: PromptAnswer): void;
  fail(error: Error): void;
}

/** Those that stand at the prompt: at most one, whatever happens. */
export const open: Asked[] = [];

export const asked = {
  /** Whether there is a terminal. */
  terminal: true,
  /** How often a root has opened its terminal, or asked whether there is one. */
  opened: 0,
  reset(): void {
    open.length = 0;
    asked.terminal = true;
    asked.opened = 0;
  },
};

userInterface.holdHere = () => false;
userInterface.prepareTerminal = async () => {
  asked.opened++;
  return asked.terminal;
};
userInterface.openPrompt = request =>
  new Promise((resolve, reject) => void open.push({...request, answer: resolve, fail: reject}));

export async function next(): Promise<Asked> {
  await until(
    () => open.length > 0,
    () => 'nobody stops',
  );
  if (open.length > 1) throw new Error('two are at the prompt');
  await turns();
  return open[0] as Asked;
}

/** Lets the one at the prompt go on. */
export async function answer(word: PromptAnswer = 'continue'): Promise<Asked> {
  const one = await next();
  open.shift();
  one.answer(word);
  return one;
}
