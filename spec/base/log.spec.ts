// The records of the log: whose they are, and their two forms on stderr.
import test, {type ExecutionContext} from 'ava';
import {runWith} from '../../lib/base/current.js';
import {configureLog, type LogSettings, log} from '../../lib/base/log.js';
import {Scope} from '../../lib/base/scope.js';

const actor = {name: 'worker', id: 'a1', pid: 7, host: 'h'};
const logged = {name: 'worker', id: 'a1', pid: 7, path: 'main/worker'};

function configured(t: ExecutionContext, settings: LogSettings): void {
  configureLog('warn', settings);
  t.teardown(() => configureLog('warn'));
}

function stderrOf(t: ExecutionContext, say: () => void): string {
  const {write} = process.stderr;
  let text = '';
  process.stderr.write = ((chunk: string) => {
    text += chunk;
    return true;
  }) as typeof write;
  t.teardown(() => {
    process.stderr.write = write;
  });
  say();
  process.stderr.write = write;
  return text;
}

test.serial('a record has the actor of this process, or that whose code runs, and the function', t => {
  const records: object[] = [];
  const note = (record: object): void => void records.push(record);
  configured(t, {logger: {debug: note, info: note, warn: note, error: note}, actor: {logged}});
  log('warn', 'outside', {more: 1});
  const inner = {...logged, name: 'inline', path: 'main/inline'};
  const now = {actor, root: false, scope: new Scope('spec'), runtime: {logged: inner}};
  runWith(now, () => log('warn', 'inside'));
  runWith({...now, task: {name: 'price', peer: actor, uid: 'a-b-1'}}, () => log('error', 'in a function'));
  t.deepEqual(records, [{actor: logged, more: 1}, {actor: inner}, {actor: inner, context: 'a-b-1', fn: 'price'}]);
});

test.serial('with logFormat json a line is one JSON object, whatever the record holds', t => {
  configured(t, {format: 'json', actor: {logged}});
  const circle: {self?: object} = {};
  circle.self = circle;
  const text = stderrOf(t, () => {
    log('warn', 'two\nlines', {count: 12n, error: Object.assign(new TypeError('no'), {code: 'E_NO'})});
    log('error', 'a circle', circle);
    log('info', 'not said');
  });
  const lines = text.split('\n').slice(0, -1);
  t.is(lines.length, 2);
  const [first, second] = lines.map(line => JSON.parse(line));
  t.like(first, {level: 'warn', msg: 'two\nlines', actor: logged, count: '12'});
  t.like(first.error, {type: 'TypeError', message: 'no', code: 'E_NO'});
  t.true(Math.abs(first.time - Date.now()) < 60_000);
  t.like(second, {level: 'error', msg: 'a circle', actor: logged});
});

test.serial('as text a line is as it was', t => {
  configured(t, {actor: {logged}});
  t.is(
    stderrOf(t, () => log('warn', 'hello', {count: 1})),
    `rxtractor ${process.pid} warn: hello\n`,
  );
});
