/**
 * The server of the page: on 127.0.0.1 alone, for whoever has the token that stands in its address.
 * Floor 10: below `devtools`, which says where the frames come from.
 *
 * A page of another site can make the browser send requests here. It does not know the token; and when it has made its own name mean
 * 127.0.0.1 (DNS rebinding), the header `Host` still has that name.
 */
import {createHash, timingSafeEqual} from 'node:crypto';
import {once} from 'node:events';
import {readFile} from 'node:fs/promises';
import {createServer, type IncomingMessage, type Server, type ServerResponse} from 'node:http';
import type {AddressInfo} from 'node:net';
import type {Observable} from 'rxjs';
import {thrownText} from '../base/foreign.js';
import {platform} from '../base/platform.js';

/** Where the page gets its data. */
export interface Source {
  /** The facts that stay while the server runs: whether the page is live, and may cancel actors. */
  readonly about: object;
  /** Gives the page a list of frames, again and again. @param open the id of the actor whose contexts are wanted */
  frames(open: string | undefined): Observable<readonly object[]>;
  /** The contexts of one actor at each moment of a record. The page asks for them apart, because the frames of a record come once. */
  contexts?(actor: string): readonly object[];
  /** The values that go through the streams of an actor. */
  marks(actor: string): Observable<object>;
  /** Absent: it is read-only. */
  cancel?(actor: string): Promise<object>;
}

export interface PageServer {
  readonly url: string;
  close(): Promise<void>;
}

/** @throws the error of the system when it cannot listen */
export async function servePage(source: Source): Promise<PageServer> {
  const token = Buffer.from(platform.randomBytes(24)).toString('base64url');
  const page = await readFile(new URL('../page.html', import.meta.url), 'utf8');
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const {port} = server.address() as AddressInfo;
  const site = new Site(source, page, token, port);
  server.on('request', (request, response) => site.answer(request, response));
  return {url: `http://127.0.0.1:${port}/${token}/`, close: () => closed(server)};
}

async function closed(server: Server): Promise<void> {
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
}

class Site {
  readonly #source: Source;
  readonly #page: string;
  readonly #token: Buffer;
  readonly #hosts: ReadonlySet<string>;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(source: Source, page: string, token: string, port: number) {
    this.#source = source;
    this.#page = page;
    this.#token = Buffer.from(token);
    this.#hosts = new Set([`127.0.0.1:${port}`, `localhost:${port}`]);
    this.#headers = {
      'content-security-policy': policyOf(page),
      'cache-control': 'no-store',
      'cross-origin-resource-policy': 'same-origin',
      // The address holds the token.
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    };
  }

  answer(request: IncomingMessage, response: ServerResponse): void {
    for (const [name, value] of Object.entries(this.#headers)) response.setHeader(name, value);
    const {token, what, actor} = targetOf(request.url);
    if (!this.#isAllowed(request, token)) return refuse(response, 403, 'forbidden');
    const {about, frames, contexts, marks, cancel} = this.#source;
    const route = `${request.method} ${what}`;
    if (route === 'GET ') response.setHeader('content-type', 'text/html; charset=utf-8').end(this.#page);
    else if (route === 'GET about') sendJson(response, about);
    else if (route === 'GET frames') sendEvents(response, frames(actor));
    else if (route === 'GET contexts' && actor && contexts) sendJson(response, contexts(actor));
    else if (route === 'GET marks' && actor) sendEvents(response, marks(actor));
    else if (route === 'POST cancel' && actor && cancel)
      cancel(actor).then(
        answer => sendJson(response, answer),
        error => refuse(response, 500, thrownText(error)),
      );
    else refuse(response, 404, 'there is no such thing');
  }

  #isAllowed({headers: {host = '', origin}}: IncomingMessage, token: string): boolean {
    const given = Buffer.from(token);
    const isToken = given.length === this.#token.length && timingSafeEqual(given, this.#token);
    const isOwn = origin === undefined || this.#hosts.has(origin.replace(/^http:\/\//, ''));
    return isToken && isOwn && this.#hosts.has(host);
  }
}

/** Read by hand, because `URL` throws for some texts, and resolves `..`. */
function targetOf(url = ''): {readonly token: string; readonly what: string; readonly actor: string | undefined} {
  const [path = '', query = ''] = url.split('?', 2);
  const [, token = '', ...what] = path.split('/');
  return {token, what: what.join('/'), actor: new URLSearchParams(query).get('actor') ?? undefined};
}

/** Its own script and style, by their hashes, and nothing else. */
function policyOf(page: string): string {
  const hashesOf = (tag: string): string =>
    [...page.matchAll(new RegExp(`<${tag}[^>]*>([^]*?)</${tag}>`, 'g'))]
      .map(([, text = '']) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`)
      .join(' ');
  return [
    "default-src 'none'",
    `script-src ${hashesOf('script')}`,
    `style-src ${hashesOf('style')}`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

function sendJson(response: ServerResponse, value: object): void {
  response.setHeader('content-type', 'application/json').end(JSON.stringify(value));
}

function refuse(response: ServerResponse, status: number, text: string): void {
  response.statusCode = status;
  response.setHeader('content-type', 'text/plain; charset=utf-8').end(text);
}

/** Server-sent events. A page that reads too slowly misses some. */
function sendEvents(response: ServerResponse, events: Observable<object>): void {
  response.setHeader('content-type', 'text/event-stream').flushHeaders();
  const eventOf = (name: string, value: object): string => `event: ${name}\ndata: ${JSON.stringify(value)}\n\n`;
  const sending = events.subscribe({
    next: value => void (response.writableNeedDrain || response.write(eventOf('data', value))),
    // Never left out: a page that does not know of the end connects again.
    error: error => response.end(eventOf('over', {why: thrownText(error)})),
    complete: () => response.end(eventOf('over', {})),
  });
  response.on('close', () => sending.unsubscribe());
}
