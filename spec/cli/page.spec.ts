// The page of `rxtractor devtools` in a real browser: Chromium of Debian, driven by playwright-core.
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import type {ExecutionContext} from 'ava';
import {type Browser, chromium, type Locator, type Page} from 'playwright-core';
import {concat, NEVER, of} from 'rxjs';
import {frameOf} from '../../lib/cli/devtools-frames.js';
import {servePage} from '../../lib/cli/devtools-server.js';
import {commandFile, rxtractor, type Shown, startShown} from '../kit/command.js';
import {patienceMs} from '../kit/eventually.js';
import {type Program, startNode} from '../kit/program.js';
import {spawning} from '../kit/spawning.js';
import {treeOnHosts} from '../kit/tree-on-hosts.js';

/** Pictures of the guide are made anew when that is asked for. Otherwise all go into a folder that is removed. */
const isForGuide = process.env.RXTRACTOR_SCREENSHOTS !== undefined;
const guide = fileURLToPath(new URL('../../../docs/guide/observing', import.meta.url));
const inGuide = new Set(['marbles-light', 'actor-dark']);
const folder = mkdtempSync(join(tmpdir(), 'rx-pictures-'));

const chromiumOptions = {
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
  timeout: patienceMs,
};
let browser: Browser | undefined;
const test = spawning({
  takesLong: true,
  last: async () => {
    await browser?.close();
    rmSync(folder, {recursive: true});
  },
});

interface OpenedPage {
  readonly page: Page;
  /** Errors of the page and of its security policy. */
  readonly faults: readonly string[];
}

interface Opened extends OpenedPage {
  readonly devtools: Program;
}

async function open(t: ExecutionContext, ...args: readonly string[]): Promise<Opened> {
  t.timeout(2 * patienceMs);
  const devtools = startNode(t, [commandFile, 'devtools', ...args]);
  const url = await devtools.stdoutUntil(/^http:.*(?=\n)/m);
  return {devtools, ...(await openPage(t, url))};
}

async function openPage(t: ExecutionContext, url: string): Promise<OpenedPage> {
  browser ??= await chromium.launch(chromiumOptions);
  const page = await browser.newPage({viewport: {width: 1_100, height: 600}});
  t.teardown(() => page.close());
  page.setDefaultTimeout(patienceMs);
  const faults: string[] = [];
  page.on('pageerror', error => faults.push(String(error)));
  page.on('console', message => message.type() === 'error' && faults.push(message.text()));
  await page.goto(url);
  return {page, faults};
}

const openShop = async (t: ExecutionContext): Promise<Opened & Shown> => {
  const shown = await startShown(t, 'shown-shop', ['{"values":"preview"}']);
  return {...shown, ...(await open(t, String(shown.pid), '--control'))};
};

const row = (page: Page, name: string | RegExp): Locator =>
  page.getByRole('treegrid', {name: 'Actors'}).getByRole('row').filter({hasText: name});

const until = (locator: Locator): Promise<void> => locator.first().waitFor();

const picture = async (t: ExecutionContext, page: Page, name: string): Promise<void> => {
  const path = join(isForGuide && inGuide.has(name) ? guide : folder, `${name}.png`);
  const {length} = await page.screenshot({path});
  t.true(length > 20_000, 'something is on it');
};

test('the page shows the tree: a stalled stream stands out, a dead actor says how it has ended, names are text', async t => {
  const {page, say, faults, devtools} = await openShop(t);
  for (const name of ['shop', 'till', 'printer', 'paper']) await until(row(page, name).getByText('serving'));
  t.is(await row(page, 'paper').getAttribute('aria-level'), '3');
  await until(row(page, 'press').getByText('stalled stream'));
  await until(row(page, '<img src=x onerror="document.title=`hacked`">\\u202e'));
  t.is(await page.title(), 'rxtractor');
  t.is(await page.locator('img').count(), 0);

  await row(page, 'mortal').click();
  await until(page.getByRole('heading', {name: 'mortal'}));
  await until(page.getByRole('table', {name: 'Open contexts'}).getByRole('row').filter({hasText: 'rest'}));
  say('die');
  await until(row(page, 'mortal').getByText('ended, code 7'));

  await row(page, 'paper').click();
  await page.getByRole('button', {name: 'Cancel …'}).click();
  await page.getByRole('group', {name: 'Cancel paper?'}).getByRole('button', {name: 'Keep it'}).click();
  await page.getByRole('button', {name: 'Cancel …'}).click();
  await page.getByRole('button', {name: 'Cancel paper'}).click();
  await until(row(page, 'paper').getByText('ended'));

  await page.getByRole('tab', {name: 'Waits'}).click();
  await until(page.getByRole('heading', {name: 'Who does not take what is sent to them'}));
  await page.getByRole('tab', {name: 'Charts'}).click();
  for (const name of [/^Processor: /, /^Memory: /, /^Values sent: /, /^Waits for room: /])
    await until(page.getByRole('img', {name}));

  t.deepEqual(faults, []);
  devtools.kill('SIGTERM');
  t.deepEqual(await devtools.exited, {code: 0, signal: null});
  await until(page.getByRole('status').filter({hasText: 'the command has ended'}));
});

test('marbles of two processes are joined by their numbers, in light and dark and on 400 pixels', async t => {
  const {page, faults, say, devtools} = await openShop(t);
  await row(page, 'mortal').click();
  await page.getByRole('tab', {name: 'Marbles'}).click();
  await until(page.getByText('No values have gone through its streams'));
  say('die');
  await until(page.getByText('the actor has ended'));
  await row(page, 'till').click();
  const lane = page.getByRole('img', {name: /^orders: till to shop, \d+ values a second$/});
  await until(lane);
  await devtools.until(async () => Number(await lane.getAttribute('data-pairs')) > 12 || undefined, 'twelve pairs');
  const values = page.getByRole('list', {name: 'Latest values'}).getByRole('listitem');
  await until(values.filter({hasText: /object, \d+ bytes, on its way for [\d.]+ ms.*item: 'lamp'/}));
  await picture(t, page, 'marbles-light');
  await page.emulateMedia({colorScheme: 'dark'});
  await picture(t, page, 'marbles-dark');

  await row(page, 'press').click();
  await page.getByRole('tab', {name: 'Actor'}).click();
  await until(page.getByRole('table', {name: 'Open contexts'}).getByText('waits for credit'));
  await picture(t, page, 'actor-dark');
  await page.emulateMedia({colorScheme: 'light'});
  await page.setViewportSize({width: 400, height: 900});
  t.is(await page.evaluate('document.documentElement.scrollWidth'), 400, 'nothing is wider than the screen');
  await picture(t, page, 'narrow');
  t.deepEqual(faults, []);
});

test('the keyboard does everything', async t => {
  const {page} = await openShop(t);
  await until(row(page, 'paper'));
  await page.keyboard.press('/');
  t.is(await page.evaluate(`document.activeElement?.getAttribute('type')`), 'search');
  await page.keyboard.type('pri');
  await row(page, 'till').waitFor({state: 'detached'});
  await page.keyboard.press('Tab');
  await page.keyboard.press('Home');
  await page.getByRole('searchbox').fill('');
  await until(row(page, 'paper'));
  await row(page, 'printer').focus();
  const focused = () => page.evaluate(`document.activeElement?.querySelector('.text')?.textContent`);
  await page.keyboard.press('Home');
  t.is(await focused(), 'shop');
  await page.keyboard.press('ArrowDown');
  t.not(await focused(), 'shop');
  // Within one picture, as a key that is held does it on a busy machine.
  await page.evaluate(`(async () => {
    for (const key of ['Home', 'ArrowDown']) {
      document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}));
      for (let turn = 0; turn < 20; turn++) await undefined;
    }
  })()`);
  t.not(await focused(), 'shop');
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowLeft');
  await row(page, 'till').waitFor({state: 'detached'});
  await page.keyboard.press('ArrowRight');
  await until(row(page, 'till'));
  await page.getByRole('tab', {name: 'Actor'}).focus();
  await page.keyboard.press('ArrowRight');
  t.is(await page.getByRole('tab', {name: /^Waits/}).getAttribute('aria-selected'), 'true');
  t.true(await page.getByRole('tabpanel', {name: 'Waits'}).isVisible());
});

test('the page names the host of an actor that runs on another one', async t => {
  t.timeout(2 * patienceMs);
  const frames = () => concat(of([frameOf(treeOnHosts, undefined)]), NEVER);
  const server = await servePage({about: {mode: 'live', control: false}, frames, marks: () => NEVER});
  t.teardown(() => server.close().catch(() => {}));
  const {page, faults} = await openPage(t, server.url);
  await until(row(page, /^ *press on gpu1/));
  t.is(await row(page, /on gpu1/).count(), 2);
  t.is(await row(page, 'here').getByText('on').count(), 0);
  await until(page.getByText('other hosts'));
  await page.keyboard.press('/');
  await page.keyboard.type('gpu1');
  await until(row(page, 'ink'));
  t.is(await row(page, 'here').count(), 0);
  t.deepEqual(faults, []);
});

/** The looks at the tree within three seconds, and the tasks of the page that took more than 50 ms of the clock meanwhile. */
interface Looks {
  readonly count: number;
  readonly long: readonly number[];
}

const countLooks = `new Promise(resolve => {
  let count = 0;
  const long = [];
  new PerformanceObserver(list => long.push(...list.getEntries().map(({duration}) => duration))).observe({type: 'longtask'});
  const frames = new EventSource('frames');
  frames.addEventListener('data', () => count++);
  setTimeout(() => {
    frames.close();
    resolve({count, long});
  }, 3_000);
})`;

/** The processor time of the page for one look, in ms: unlike the time of a clock it does not grow when other programs run. */
async function costOfLook(page: Page): Promise<{ms: number; long: readonly number[]}> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Performance.enable', {timeDomain: 'threadTicks'});
  const used = async (): Promise<number> => {
    const {metrics} = await devtools.send('Performance.getMetrics');
    return 1_000 * (metrics.find(({name}) => name === 'TaskDuration')?.value ?? Number.NaN);
  };
  const before = await used();
  const {count, long} = await page.evaluate<Looks>(countLooks);
  return {ms: ((await used()) - before) / count, long};
}

test('of 200 actors with five calls each only those are drawn that can be seen', async t => {
  const {pid} = await startShown(t, 'shown-crowd');
  const {page, faults} = await open(t, String(pid));
  await until(page.locator('[role="treegrid"][aria-rowcount="202"]'));
  await until(page.getByRole('table', {name: 'Open contexts'}).getByText('waits for values'));
  const rows = page.getByRole('treegrid', {name: 'Actors'}).getByRole('row');
  t.true((await rows.count()) < 50);
  const {ms, long} = await costOfLook(page);
  const longest = long.length === 0 ? '' : `, the longest ${Math.max(...long)} ms`;
  t.log(
    `a look takes ${ms.toFixed(1)} ms of the page's processor time; ${long.length} tasks took more than 50 ms${longest}`,
  );

  await row(page, 'crowd').focus();
  await page.keyboard.press('End');
  const last = row(page, 'inline-199');
  await until(last);
  t.is(await last.getAttribute('aria-rowindex'), '202');
  t.is(await page.evaluate(`document.activeElement?.querySelector('.text')?.textContent`), 'inline-199');
  await page.evaluate(`document.querySelector('[role="treegrid"]').scrollTo(0, 0)`);
  await until(page.getByText('inline-3', {exact: true}));
  await page.keyboard.press('ArrowUp');
  await until(page.getByRole('heading', {name: 'inline-198'}));
  t.true((await rows.count()) < 50);
  t.deepEqual(faults, []);
});

test('a record is shown without its tree, with a slider for the time', async t => {
  const {pid, process: program} = await startShown(t, 'shown-shop');
  const file = join(folder, 't.json');
  t.is((await rxtractor(['trace', String(pid), '--for', '3s', '-o', file])).code, 0);
  program.stdin?.end();
  const {page, faults} = await open(t, '--file', file);
  await until(row(page, 'till'));
  await until(page.getByText('recorded'));
  const asked: string[] = [];
  page.on('request', request => asked.push(new URL(request.url()).pathname.split('/').at(-1) as string));
  for (const name of ['till', 'press']) {
    await row(page, name).click();
    await until(page.getByRole('heading', {name}));
    await until(page.getByRole('table', {name: 'Open contexts'}).or(page.getByText('No call is open here.')));
  }
  t.false(asked.includes('frames'), 'the whole record has come once');
  t.true(asked.filter(what => what === 'contexts').length >= 2);
  const slider = page.getByRole('slider');
  await slider.fill('0');
  await until(page.getByText(/^moment 1 of [2-9]$/));
  t.deepEqual(faults, []);
});
