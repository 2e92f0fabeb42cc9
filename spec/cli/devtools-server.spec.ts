// The server of the page: who is let in, what it sends, and how it ends.
import {createHash} from 'node:crypto';
import {once} from 'node:events';
import {type IncomingMessage, request} from 'node:http';
import test, {type ExecutionContext} from 'ava';
import {concat, Observable, of, throwError} from 'rxjs';
import {deferred} from '../../lib/base/deferred.js';
import {type PageServer, type Source, servePage} from '../../lib/cli/devtools-server.js';

const source: Source = {
  about: {mode: 'live', control: false},
  frames: open => of([{open}]),
  marks: actor => of([{actor}]),
};

async function serve(t: ExecutionContext, more: Partial<Source> = {}): Promise<PageServer> {
  t.timeout(60_000);
  const server = await servePage({...source, ...more});
  t.teardown(() => server.close().catch(() => {}));
  return server;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

/** As the text stands: `fetch` would set `Host`, and would resolve `..`. */
async function ask(
  url: string,
  path: string,
  {method = 'GET', headers = {}}: {readonly method?: string; readonly headers?: Record<string, string>} = {},
): Promise<Answer> {
  const {hostname, port, host} = new URL(url);
  const asked = request({hostname, port, path, method, headers: {host, ...headers}}).end();
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  let text = '';
  for await (const part of answer) text += String(part);
  return {status: answer.statusCode ?? 0, headers: answer.headers, text};
}

test('P5: the page is for whoever has the address, with its token', async t => {
  const {url} = await serve(t);
  const {pathname, hostname} = new URL(url);
  t.is(hostname, '127.0.0.1');
  t.regex(pathname, /^\/[\w-]{32}\/$/);
  t.is((await ask(url, pathname)).status, 200);
  t.deepEqual(JSON.parse((await ask(url, `${pathname}about`)).text), source.about);
  const other = (await serve(t)).url;
  t.not(new URL(other).pathname, pathname, 'each server has a token of its own');
  for (const path of [
    '/',
    '/x/',
    `${pathname.slice(0, -2)}/`,
    `/x${pathname}`,
    '//',
    '/?',
    '*',
    `/${'x'.repeat(32)}/`,
  ]) {
    const {status, text} = await ask(url, path);
    t.is(status, 403, path);
    t.is(text, 'forbidden');
  }
});

test('P5: a name that leads to 127.0.0.1 lets nobody in, nor does a page of another site', async t => {
  const {url} = await serve(t);
  const {pathname, port} = new URL(url);
  for (const host of [`rebound.example:${port}`, '127.0.0.1', `127.0.0.1:${Number(port) + 1}`])
    t.is((await ask(url, pathname, {headers: {host}})).status, 403, host);
  t.is((await ask(url, pathname, {headers: {host: `localhost:${port}`}})).status, 200);
  for (const origin of ['https://elsewhere.example', 'null', `http://127.0.0.1:${Number(port) + 1}`])
    t.is((await ask(url, `${pathname}about`, {headers: {origin}})).status, 403, origin);
  t.is((await ask(url, `${pathname}about`, {headers: {origin: `http://127.0.0.1:${port}`}})).status, 200);
});

test('no path leads to a file, and what does not exist is not found', async t => {
  const {url} = await serve(t);
  const {pathname} = new URL(url);
  for (const path of [
    '../package.json',
    '..%2f..%2fpackage.json',
    'about/../../etc/passwd',
    'page.html',
    './',
    'marks',
    '%00',
  ])
    t.is((await ask(url, pathname + path)).status, 404, path);
  t.is((await ask(url, pathname, {method: 'POST'})).status, 404);
  t.is((await ask(url, `${pathname}cancel?actor=a`, {method: 'POST'})).status, 404, 'without --control it only looks');
});

test('the page may run its own script and style, and talk to its own server', async t => {
  const {url} = await serve(t);
  const {headers, text} = await ask(url, new URL(url).pathname);
  const policy = new Map(
    String(headers['content-security-policy'])
      .split('; ')
      .map(rule => [rule.split(' ')[0], rule.split(' ').slice(1)]),
  );
  t.deepEqual(policy.get('default-src'), ["'none'"]);
  t.deepEqual(policy.get('connect-src'), ["'self'"]);
  for (const tag of ['script', 'style']) {
    const [, inner = ''] = new RegExp(`<${tag}>([^]*?)</${tag}>`).exec(text) ?? [];
    t.true(inner.length > 1_000);
    t.deepEqual(policy.get(`${tag}-src`), [`'sha256-${createHash('sha256').update(inner).digest('base64')}'`]);
  }
  t.is(headers['referrer-policy'], 'no-referrer', 'the address holds the token');
  t.is(headers['cache-control'], 'no-store');
  t.true(text.length <= 120 * 1024, `${text.length} bytes`);
});

test('frames and marks come as events; an error is the last of them', async t => {
  const {url} = await serve(t, {marks: () => throwError(() => new Error('line 1\nline 2'))});
  const {pathname} = new URL(url);
  const frames = await ask(url, `${pathname}frames?actor=a%26b`);
  t.is(frames.headers['content-type'], 'text/event-stream');
  t.is(frames.text, 'event: data\ndata: [{"open":"a&b"}]\n\nevent: over\ndata: {}\n\n');
  const marks = await ask(url, `${pathname}marks?actor=a`);
  t.is(marks.text, 'event: over\ndata: {"why":"line 1\\nline 2"}\n\n');
});

test('of a record the contexts of one actor can be asked for; a live tree has them in its frames', async t => {
  const {url} = await serve(t, {contexts: actor => [[{actor}], []]});
  const {pathname} = new URL(url);
  t.deepEqual(JSON.parse((await ask(url, `${pathname}contexts?actor=a%26b`)).text), [[{actor: 'a&b'}], []]);
  t.is((await ask(url, `${pathname}contexts`)).status, 404);
  const live = (await serve(t)).url;
  t.is((await ask(live, `${new URL(live).pathname}contexts?actor=a`)).status, 404);
});

test('a page that reads too slowly misses frames, and never the end', async t => {
  const large = [{text: 'x'.repeat(1_000_000)}];
  const lost = throwError(() => new Error('the tree has ended'));
  const {url} = await serve(t, {frames: () => concat(of(large, large), lost)});
  const {text} = await ask(url, `${new URL(url).pathname}frames`);
  t.is(text.match(/^event: data$/gm)?.length, 1);
  t.true(text.endsWith('event: over\ndata: {"why":"the tree has ended"}\n\n'));
});

test('a page that goes is not watched for any more, and the end of the server ends every page', async t => {
  const news: string[] = [];
  const left = deferred();
  const {url, close} = await serve(t, {
    frames: () =>
      new Observable(subscriber => {
        news.push('begun');
        subscriber.next([{}]);
        return () => {
          news.push('over');
          left.resolve();
        };
      }),
  });
  const open = async (): Promise<AsyncIterator<unknown>> => {
    const answer = await fetch(`${url}frames`);
    return (answer.body as ReadableStream<unknown>).values();
  };
  const first = await open();
  await first.next();
  await first.return?.();
  await left.promise;
  const second = await open();
  await second.next();
  await close();
  await t.throwsAsync(() => second.next() as Promise<unknown>);
  t.deepEqual(news, ['begun', 'over', 'begun', 'over']);
});

test('with control an actor is cancelled by its id, and an error is told', async t => {
  const {url} = await serve(t, {
    cancel: async actor => {
      if (actor !== 'a') throw new Error(`no ${actor}`);
      return {found: true};
    },
  });
  const {pathname} = new URL(url);
  const cancel = (query: string) => ask(url, `${pathname}cancel${query}`, {method: 'POST'});
  t.deepEqual(JSON.parse((await cancel('?actor=a')).text), {found: true});
  const {status, text} = await cancel('?actor=b');
  t.is(status, 500);
  t.is(text, 'no b');
  t.is((await cancel('')).status, 404);
  t.is((await ask(url, `${pathname}cancel?actor=a`)).status, 404, 'a link cannot cancel');
});
