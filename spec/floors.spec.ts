// Holds lib to its floors: no upward import, no circle, no file too long, RxJS only where an Observable is made, one clock.
// Above floors.ts, the checker, which is itself tested here: a check that cannot fail checks nothing.
import {readdirSync, readFileSync} from 'node:fs';
import test from 'ava';
import {violations} from './floors.js';

test('lib keeps its floors', t => {
  const lib = new URL('../../lib/', import.meta.url);
  const paths = readdirSync(lib, {recursive: true, encoding: 'utf8'})
    .map(path => path.replaceAll('\\', '/'))
    .filter(path => path.endsWith('.ts'));
  t.true(paths.includes('index.ts'));
  t.deepEqual(violations(new Map(paths.map(path => [path, readFileSync(new URL(path, lib), 'utf8')]))), []);
});

const reports = test.macro({
  exec(t, files: Record<string, string>, ...expected: string[]) {
    t.deepEqual(violations(new Map(Object.entries(files))), expected);
  },
  title: providedTitle => `the checker ${providedTitle}`,
});

test('lets a file import a lower floor and its own', reports, {
  'context/context.ts': `import {Channel} from '../channel/channel.js';\nimport './credit.js';`,
  'context/credit.ts': `import 'rxjs'; import fs from 'node:fs'; import Queue from 'p-queue';`,
  'channel/channel.ts': `import type {Observable} from 'rxjs';`,
  'main.ts': `await import('./debugger/attach.js')`,
  'debugger/attach.ts': `import {hooks} from '../base/hooks.js'`,
  'base/hooks.ts': '',
});

test(
  'reports an upward import',
  reports,
  {'base/a.ts': `import {b} from '../msg/b.js';`, 'msg/b.ts': ''},
  'base/a.ts (floor 0) imports msg/b.ts (floor 1): upward',
);

test(
  'reports an upward import of types, a dynamic one and a re-export',
  reports,
  {
    'base/a.ts': `import type {b} from '../msg/b.js';`,
    'base/c.ts': `export type {b} from '../msg/b.js';`,
    'base/d.ts': `const b = await import('../msg/b.js');`,
    'msg/b.ts': '',
  },
  'base/a.ts (floor 0) imports msg/b.ts (floor 1): upward',
  'base/c.ts (floor 0) imports msg/b.ts (floor 1): upward',
  'base/d.ts (floor 0) imports msg/b.ts (floor 1): upward',
);

test(
  'reports a room that is entered where no door leads to it',
  reports,
  {
    'debugger/actor-debugger.ts': `import './lock/root-lock.js';`,
    'debugger/lock/root-lock.ts': `import '../prompt/user-interface.js'; import '../../base/log.js';`,
    'debugger/prompt/user-interface.ts': `import '../lock/tty-lock.js'; import '../actor-debugger.js';`,
    'debugger/lock/tty-lock.ts': '',
    'base/log.ts': '',
  },
  'debugger/prompt/user-interface.ts imports debugger/lock/tty-lock.ts: no door leads there from debugger/prompt',
  'debugger/prompt/user-interface.ts imports debugger/actor-debugger.ts: no door leads there from debugger/prompt',
  'circle: debugger/actor-debugger.ts → debugger/lock/root-lock.ts → debugger/prompt/user-interface.ts → debugger/actor-debugger.ts',
);

test(
  'takes the package by its own name for the public door',
  reports,
  {'nursery/a.ts': `import {main} from 'rxtractor';`},
  'nursery/a.ts (floor 6) imports index.ts (floor 9): upward',
);

test(
  'reports a circle, also of types, once',
  reports,
  {
    'base/a.ts': `import './b.js';`,
    'base/b.ts': `import type {C} from './c.js';`,
    'base/c.ts': `export {a} from './a.js';`,
    'msg/d.ts': `import '../base/a.js';`,
  },
  'circle: base/a.ts → base/b.ts → base/c.ts → base/a.ts',
);

test('reports a file that imports itself', reports, {'base/a.ts': `import './a.js';`}, 'circle: base/a.ts → base/a.ts');

test(
  'reports a file of more than 400 lines',
  reports,
  {'base/a.ts': '\n'.repeat(400).concat('x\n'), 'base/b.ts': '\n'.repeat(399).concat('x\n')},
  'base/a.ts has 401 lines, more than 400',
);

test(
  'reports RxJS loaded on a floor that may only know its types',
  reports,
  {
    'base/a.ts': `import {Subject} from 'rxjs';`,
    'actor/b.ts': `import {type Observable} from 'rxjs';`,
    'nursery/c.ts': `const {map} = await import('rxjs/operators');`,
    'context/d.ts': `import {Subject} from 'rxjs';`,
    'context/rx/e.ts': `import {Subject} from 'rxjs';`,
    'context/flow/f.ts': `import {Subject} from 'rxjs';`,
  },
  'base/a.ts loads rxjs: floor 0 may import its types only',
  'actor/b.ts loads rxjs: floor 5 may import its types only',
  'nursery/c.ts loads rxjs/operators: floor 6 may import its types only',
  'context/flow/f.ts loads rxjs: context/flow may import its types only',
);

test(
  'reports a file that reads the time or sets a timer beside the clock',
  reports,
  {
    'base/clock.ts': 'const real = {setTimeout: globalThis.setTimeout, now: performance.now};',
    'base/a.ts': 'setTimeout(fn, 1); clearTimeout(handle); setTimeout(fn, 2);',
    'msg/b.ts': 'const at = Date.now() - globalThis.performance.now();',
    'actor/c.ts': `import {setImmediate} from 'node:timers/promises';`,
    'nursery/d.ts': 'const date = new Date(performance.timeOrigin); scope.clock.now();',
    'nursery/e.ts': '// setTimeout(fn)\n/** Date.now() */ const text = "setInterval" + `performance.now()`;',
  },
  'base/a.ts uses setTimeout: only base/clock.ts knows the time of the platform',
  'base/a.ts uses clearTimeout: only base/clock.ts knows the time of the platform',
  'msg/b.ts uses Date.now: only base/clock.ts knows the time of the platform',
  'msg/b.ts uses performance.now: only base/clock.ts knows the time of the platform',
  'actor/c.ts uses setImmediate: only base/clock.ts knows the time of the platform',
  'actor/c.ts uses node:timers/promises: only base/clock.ts knows the time of the platform',
);

test(
  'reports a file that takes random numbers beside the platform',
  reports,
  {
    'base/platform.ts': `import {randomBytes} from 'node:crypto'; const random = Math.random;`,
    'base/a.ts': `import {randomBytes} from 'node:crypto'; randomBytes(1);`,
    'msg/b.ts': 'const bytes = platform.randomBytes(2); const number = platform.random();',
    'actor/c.ts': '// randomInt(3)\nconst number = Math.random();',
  },
  'base/a.ts uses randomBytes: only base/platform.ts asks the platform for random numbers',
  'actor/c.ts uses Math.random: only base/platform.ts asks the platform for random numbers',
);

test(
  'reports a folder without a floor, and an import that leaves lib',
  reports,
  {'misc/a.ts': '', 'base/b.ts': `import '../../spec/b.js';`, 'base/c.ts': `import '../misc/a.js';`},
  'misc/a.ts stands on no floor: add its folder to spec/floors.ts',
  'base/b.ts imports ../../spec/b.js, which is on no floor of lib',
  'base/c.ts imports ../misc/a.js, which is on no floor of lib',
);

test(
  'reports `export *` in index.ts, and only there',
  reports,
  {'index.ts': `export * from './base/a.js';`, 'base/a.ts': '', 'msg/b.ts': `export * from '../base/a.js';`},
  'index.ts uses `export *`: name what leaves the package',
);

test('the checker reports `export type *` in index.ts', t => {
  t.is(violations(new Map([['index.ts', `export type * from './base/a.js';`]])).length, 1);
});
