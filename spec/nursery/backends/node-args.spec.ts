// lib/nursery/backends/node-args: which arguments of Node an actor inherits (rule T7).
import test from 'ava';
import {inheritedNodeOptions, nodeArgs} from '../../../lib/nursery/backends/node-args.js';

const named = (...execArgv: string[]): string[] => nodeArgs({execArgv, debug: undefined, maxHeap: undefined});

test('T7: what would run the program again, or wait for a person, is dropped with its value', t => {
  for (const args of [
    ['-e', '1'],
    ['--eval', '1'],
    ['--eval=1'],
    ['-p', '1'],
    ['-pe', '1'],
    ['--print', '\\-1'],
    ['--input-type=module'],
    ['--input_type', 'module'],
    ['-i'],
    ['-c'],
    ['--test'],
    ['--test-name-pattern', 'x'],
    ['--test-timeout', '100'],
    ['--experimental-test-coverage'],
    ['--watch'],
    ['--watch-path', 'lib'],
    ['--watch_path=lib'],
  ])
    t.deepEqual(named('--no-warnings', ...args, '-r', './x.cjs'), ['--no-warnings', '-r', './x.cjs'], args.join(' '));
});

test('T7: an inspector flag that execArgv names by hand is kept', t => {
  t.deepEqual(named('--inspect=0', '--inspect-port', '0'), ['--inspect=0', '--inspect-port', '0']);
});

test('T7: maxHeap comes after every other limit, because Node takes the last one', t => {
  const args = nodeArgs({execArgv: ['--max-old-space-size=4000'], debug: undefined, maxHeap: 50});
  t.deepEqual(args, ['--max-old-space-size=4000', '--max-old-space-size=50']);
});

for (const [given, inherited] of [
  ['', ''],
  ['--max-old-space-size=4096  --no-warnings', '--max-old-space-size=4096  --no-warnings'],
  ['--inspect', ''],
  ['--no-warnings --inspect-brk=0 --title=x', '--no-warnings --title=x'],
  ['--inspect_port 0 --no-warnings', '--no-warnings'],
  ['"--inspect"=0 --import "./with space.mjs"', '--import "./with space.mjs"'],
  ['--import "./--inspect.mjs"', '--import "./--inspect.mjs"'],
  ['--input-type=module --no-warnings', '--no-warnings'],
] as const)
  test(`T7: NODE_OPTIONS is inherited without inspector flags: ${given || 'empty'}`, t => {
    t.is(inheritedNodeOptions(given), inherited);
  });
