/**
 * The display of a root, and the function through which other actors of the tree send it what their children print.
 * Floor 7: below `output-relay`, above `display`; `attach` opens it at the root of a tree in debug mode.
 */
import type {Actor} from '../../actor/actor.js';
import {runtimeFunction} from '../../actor/marks.js';
import {Attached} from '../../base/attached.js';
import {current} from '../../base/current.js';
import {NotExposed} from '../../base/errors.js';
import type {CalleeContext} from '../../context/rx/callee-context.js';
import {redrawPrompt} from '../terminal/root-terminal.js';
import type {WrittenChunk} from './backlog.js';
import {Display} from './display.js';

const displays = new Attached<Display>();

export function openDisplay(root: Actor, terminal: string): Display {
  const {stdout, stderr} = process;
  const display = new Display({name: root.id.name, stdout, stderr, redraw: () => redrawPrompt(terminal)});
  displays.attach(root, display);
  root.exposed.allow(showOutput);
  return display;
}

export function closeDisplay(root: Actor): void {
  displays.of(root)?.close();
  displays.detach(root);
}

/** One context for each actor that has children, so that the order of what they print is kept. */
export const showOutput = runtimeFunction(
  'context',
  'show output',
  async (ctx: CalleeContext<WrittenChunk[], never, undefined>): Promise<void> => {
    const display = displays.of(current()?.runtime as Actor);
    if (!display) throw new NotExposed('output is shown by the root of a tree in debug mode');
    ctx.started.next(undefined);
    for await (const batch of ctx.openStream())
      for (const {writer, chunk, lost} of batch) display.write(writer, chunk, lost);
  },
);
