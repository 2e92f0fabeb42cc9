/**
 * `rxtractor top`: the tree, live.
 * Floor 10: a command. `top-state` reads the keys, `top-screen` draws, `full-screen` has the terminal.
 */
import {takeUntil} from 'rxjs';
import type {TreeView} from '../window/types.js';
import {watchTree} from '../window/watch-tree.js';
import {type Command, type ExitCode, exit, tlsOptions, UsageError} from './command.js';
import {FullScreen} from './full-screen.js';
import {endOf, type Io, isColoured} from './io.js';
import {drawTop} from './top-screen.js';
import {firstState, keysIn, pressed, type TopState} from './top-state.js';
import {type Place, placeOf} from './trees.js';

export const top: Command = {
  name: 'top',
  summary: 'a tree, live',
  operands: ['[ROOT]'],
  options: tlsOptions,
  about: `
Shows the actors of a tree once a second, until q is pressed. The keys:

  c m n w t   sort by cpu, memory, name, waits, or as they stand in the tree
  /           show only actors with a text in their name or host
  Enter       open an actor: what it waits for, and its contexts; Esc goes back
  ?           help
  q           quit
`,
  async run(given, io) {
    if (!io.out.isTTY || !io.input.isTTY)
      throw new UsageError('top needs a terminal: rxtractor tree prints the tree once');
    return show(await placeOf(given), io);
  },
};

function show(place: Place, io: Io): Promise<ExitCode> {
  return new Promise((resolve, reject) => {
    let view: TreeView | undefined;
    let state: TopState = firstState;
    const colours = isColoured(io.out, io.env);
    const draw = (): void => {
      const {columns = 80, rows = 24} = io.out;
      screen.draw(drawTop(view, state, {width: columns, height: rows, colours}));
    };
    const press = (text: string): void => {
      for (const key of keysIn(text)) {
        const next = pressed(state, key, view);
        if (next === 'quit') return end();
        if (next === 'suspend') return screen.suspend();
        state = next;
      }
      draw();
    };
    const screen = new FullScreen(io, press, draw);
    const end = (error?: unknown): void => {
      watching.unsubscribe();
      screen.close();
      if (error === undefined) resolve(exit.fine);
      else reject(error);
    };
    screen.open();
    const watching = watchTree({...place, contexts: true})
      .pipe(takeUntil(endOf(io)))
      .subscribe({
        next: seen => {
          view = seen;
          draw();
        },
        error: end,
        complete: () => end(),
      });
  });
}
