/**
 * The places in the joined library where it asks whether anybody listens or wants something to travel, as exact replacements that cut
 * them out: what is left is the library as it would be without observers. Beneath `unheard`, which measures beside it.
 */
import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {mutate} from '../kit/mutants.js';

const file = 'joined/library';

export const cuts: readonly (readonly [name: string, from: string, to: string])[] = [
  ['asks a call on the short way', 'return !callEvents.hasSubscribers && !hasCarriers();', 'return true;'],
  ['asks for carriers', 'const carried = isRuntimeName(call.name) ? void 0 : carriedNow();', 'const carried = void 0;'],
  [
    'asks a call on the general way',
    'if (callEvents.hasSubscribers && !isRuntimeName(call.name)) return beginTold(channel, call, id, carried);',
    '',
  ],
  [
    'asks a function',
    'if (!taskEvents.hasSubscribers || isRuntimeName(callee.name)) return begin();',
    'return begin();',
  ],
  [
    'asks a function on the short way',
    ' && mark.schemas === void 0 && !taskEvents.hasSubscribers',
    ' && mark.schemas === void 0',
  ],
  ['asks for instruments', 'instruments.senderOpened?.(outlet);', ''],
  ['asks a plain channel', 'if (to.hasSubscribers) to.publish({', 'if (false) to.publish({'],
];

/** Cuts the hooks out of a copy of the compiled library. @throws Error when one of them is not there as it was */
export function cutHooks(lib: string): void {
  const path = join(lib, `${file}.js`);
  const cut = cuts.reduce((code, [name, from, to]) => mutate(code, {name, file, from, to}), readFileSync(path, 'utf8'));
  writeFileSync(path, cut);
}
