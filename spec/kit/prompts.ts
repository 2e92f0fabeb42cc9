// The person at the prompt, played by a spec: sees who stands at a breakpoint, and lets them go on.
// Above fixtures/prompted.ts.
import {EventEmitter, once} from 'node:events';
import {mkdtempSync, rmSync} from 'node:fs';
import {createServer, type Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

export class Prompt {
  readonly name: string;
  readonly pid: number;
  readonly kind: string;
  readonly error: string | undefined;
  readonly closed: Promise<unknown>;
  readonly #socket: Socket;

  constructor(said: {name: string; pid: number; kind: string; error?: string}, socket: Socket) {
    this.name = said.name;
    this.pid = said.pid;
    this.kind = said.kind;
    this.error = said.error;
    this.#socket = socket;
    this.closed = new Promise(resolve => socket.once('close', resolve));
  }

  answer(word: 'continue' | 'quit' = 'continue'): void {
    this.#socket.write(word);
  }
}

/** Listens for the prompts of this spec's actors: their environment tells them where. */
export class Prompts {
  /** The names of all that have stopped, in order. */
  readonly seen: string[] = [];
  readonly #waiting: Prompt[] = [];
  readonly #news = new EventEmitter();
  readonly #folder = mkdtempSync(join(tmpdir(), 'rxtractor-spec-'));
  readonly #server = createServer(socket => {
    socket.on('error', () => {});
    socket.once('data', line => {
      const prompt = new Prompt(JSON.parse(String(line)), socket);
      this.seen.push(prompt.name);
      this.#waiting.push(prompt);
      this.#news.emit('prompt');
    });
  });

  async open(): Promise<void> {
    process.env.SPEC_PROMPTS = join(this.#folder, 'prompts');
    this.#server.listen(process.env.SPEC_PROMPTS);
    await once(this.#server, 'listening');
    this.#server.unref();
  }

  close(): void {
    this.#server.close();
    rmSync(this.#folder, {recursive: true});
  }

  /** Lets all go on that a test has left standing there, so that the next test meets nobody but its own. */
  forget(): void {
    for (const prompt of this.#waiting.splice(0)) prompt.answer('quit');
    this.seen.length = 0;
  }

  /** The next that stops, or the next of one name. */
  async next(name?: string): Promise<Prompt> {
    for (;;) {
      const at = this.#waiting.findIndex(prompt => name === undefined || prompt.name === name);
      const [prompt] = at < 0 ? [] : this.#waiting.splice(at, 1);
      if (prompt) return prompt;
      await once(this.#news, 'prompt');
    }
  }

  get waiting(): number {
    return this.#waiting.length;
  }
}
