// Another debugger: as much of one as it takes to find a program stopped and to resume it. Node 20 has no WebSocket.
// Used by devtools.spec.ts.
import {once} from 'node:events';
import {request} from 'node:http';
import type {Socket} from 'node:net';

export class DevTools {
  readonly #socket: Socket;
  readonly #seen: {readonly method?: string; readonly id?: number}[] = [];
  #rest: Buffer;
  #closed = false;
  #news: () => void = () => {};

  static async attach(url: string): Promise<DevTools> {
    const headers = {connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13'};
    const key = Buffer.alloc(16, 'k').toString('base64');
    const asked = request(url.replace('ws:', 'http:'), {headers: {...headers, 'sec-websocket-key': key}});
    asked.end();
    const refused = once(asked, 'response').then(([{statusCode}]) =>
      Promise.reject(new Error(`${url}: ${statusCode}`)),
    );
    const [, socket, head] = (await Promise.race([once(asked, 'upgrade'), refused])) as [unknown, Socket, Buffer];
    return new DevTools(socket, head);
  }

  private constructor(socket: Socket, head: Buffer) {
    this.#socket = socket;
    this.#rest = head;
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      this.#rest = Buffer.concat([this.#rest, chunk]);
      while (this.#read());
      this.#news();
    });
    socket.on('close', () => {
      this.#closed = true;
      this.#news();
    });
  }

  send(id: number, method: string): void {
    const text = Buffer.from(JSON.stringify({id, method}));
    // One whole message, masked by four zeros: as it is.
    this.#socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), text]));
  }

  /** Resolves when this event has come. */
  async event(method: string): Promise<void> {
    while (!this.#seen.some(message => message.method === method)) {
      if (this.#closed)
        throw new Error(`the program has closed without ${method}; it told ${JSON.stringify(this.#seen)}`);
      await new Promise<void>(resolve => (this.#news = resolve));
    }
  }

  /** With the frame that closes: where a client vanishes while there is something for it to read, Node's server can crash. */
  detach(): void {
    this.#socket.end(Buffer.from([0x88, 0x80, 0, 0, 0, 0]));
  }

  /** One frame; the server's are not masked. */
  #read(): boolean {
    const short = (this.#rest[1] ?? 0) & 0x7f;
    const start = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (this.#rest.length < start) return false;
    const length =
      start === 2 ? short : start === 4 ? this.#rest.readUInt16BE(2) : Number(this.#rest.readBigUInt64BE(2));
    if (this.#rest.length < start + length) return false;
    const isText = (this.#rest[0] ?? 0) === 0x81;
    if (isText) this.#seen.push(JSON.parse(this.#rest.toString('utf8', start, start + length)));
    this.#rest = this.#rest.subarray(start + length);
    return true;
  }
}
