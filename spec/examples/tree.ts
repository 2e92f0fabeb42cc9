/**
 * A directory tree with everything that a scan can meet, and what the system's own tools say about it.
 * For the specs of `examples/scan`.
 */
import {execFileSync} from 'node:child_process';
import {chmodSync, linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {createServer, type Server} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

const notUtf8 = Buffer.from([0xff, 0x66, 0xfe, 0x6f]);

export interface Tree {
  readonly path: string;
  remove(): void;
}

/** An empty directory of its own. */
export function makeFolder(): Tree {
  const path = mkdtempSync(join(tmpdir(), 'rxtractor-scan-'));
  // Another user may read it: the specs of unreadable files run the program as one who is not root.
  chmodSync(path, 0o755);
  return {path, remove: () => rmSync(path, {recursive: true, force: true})};
}

/** Many equal small sources: something to be in the middle of. */
export function makePlainTree(files: number): Tree {
  const tree = makeFolder();
  for (let index = 0; index < files; index += 1) {
    const folder = join(tree.path, `folder-${index % 10}`);
    if (index < 10) mkdirSync(folder);
    writeFileSync(join(folder, `file-${index}.js`), `import 'package-${index % 3}';\n`);
  }

  return tree;
}

export function makeOddTree(): Tree {
  const tree = makeFolder();
  const write = (name: string | Buffer, content: string | Buffer): void =>
    writeFileSync(inside(tree.path, name), content);
  const folder = (name: string | Buffer): void => {
    mkdirSync(inside(tree.path, name), {recursive: true});
  };

  write('empty', '');
  write('one-line', 'one\n');
  write('no-final-newline', 'one\ntwo');
  write('only-newlines', '\n'.repeat(1000));
  write('carriage-returns', 'a\r\nb\r\rc\n');
  write('binary', bytes(70_000));
  write('one-chunk', bytes(1024 * 1024));
  write('some-chunks', bytes(3 * 1024 * 1024 + 17));
  write('copy-1', 'the same\n');
  write('copy-2', 'the same\n');
  write('copy-3', 'the same\n');
  linkSync(join(tree.path, 'copy-3'), join(tree.path, 'hard-link'));
  write(' sp ace ', 'x\n');
  write('new\nline', 'x\ny\n');
  write('-n', 'x');
  write('quotes\'"\\`$(x)', 'x');
  write('ünïcödé ☃ 文', 'x\n');
  write('replacement \uFFFD', 'x\n');
  write(notUtf8, 'not UTF-8\n');
  write(Buffer.concat([notUtf8, Buffer.from('.js')]), "import 'from-odd-name';\n");
  folder(Buffer.concat([notUtf8, Buffer.from('.d')]));
  write(Buffer.concat([notUtf8, Buffer.from('.d/inner')]), 'inside\n');
  folder(Array.from({length: 40}, (_, depth) => `level-${depth}`).join('/'));
  write('level-0/level-1/level-2/file', 'deep\n');
  write(`${Array.from({length: 40}, (_, depth) => `level-${depth}`).join('/')}/file`, 'deeper\n');
  folder('no-files/here');
  write('module.mjs', "import a from 'a';\nimport fs from 'node:fs';\nexport * from '@scope/b/sub/path';\n");
  write('script.cjs', "const a = require('a'), path = require('path');\n");
  write('large.js', `${'// filler\n'.repeat(200_000)}import 'at-the-end';\n`);
  write('not-a-source.txt', "import 'nothing';\n");

  symlinkSync('one-line', join(tree.path, 'link-to-file'));
  symlinkSync('level-0', join(tree.path, 'link-to-folder'));
  symlinkSync('.', join(tree.path, 'link-to-itself'));
  symlinkSync('nowhere', join(tree.path, 'dangling'));
  execFileSync('mkfifo', [join(tree.path, 'fifo')]);
  return tree;
}

/** A socket file in the tree, there until it is closed. */
export function addSocket({path}: Tree): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(join(path, 'socket'), () => resolve(server));
  });
}

export interface Expected {
  readonly bytes: number;
  readonly lines: number;
  readonly sha256: string;
}

/** The answers of `find`, `wc` and `sha256sum` about every regular file; keys are the paths, a character a byte. */
export function expectedOf(path: string): Map<string, Expected> {
  const script =
    'for f; do printf "%s %s %s/%s\\0" $(wc -l <"$f") $(wc -c <"$f") $(sha256sum <"$f" | cut -c1-64) "$f"; done';
  const output = execFileSync('find', [path, '-type', 'f', '-exec', 'sh', '-c', script, 'sh', '{}', '+'], {
    encoding: 'latin1',
    maxBuffer: 2 ** 28,
  });
  const entries = output
    .split('\0')
    .slice(0, -1)
    .map(entry => {
      const [figures, ...rest] = entry.split('/');
      const [lines, bytes, sha256] = (figures ?? '').split(' ');
      return [rest.join('/'), {lines: Number(lines), bytes: Number(bytes), sha256: sha256 ?? ''}] as const;
    });
  return new Map(entries);
}

/** The key under which `expectedOf` has a path. */
export function keyOf(path: string | Uint8Array): string {
  return bytesOf(path).toString('latin1');
}

/** The form of a key in JSON: U+FFFD for what is not UTF-8. */
export function shownKey(key: string): string {
  return new TextDecoder().decode(Buffer.from(key, 'latin1'));
}

function inside(folder: string, name: string | Buffer): Buffer {
  return Buffer.concat([bytesOf(`${folder}/`), bytesOf(name)]);
}

function bytesOf(text: string | Uint8Array): Buffer {
  return typeof text === 'string' ? Buffer.from(text) : Buffer.from(text);
}

/** The same bytes at each run, with every value and many line feeds among them. */
function bytes(length: number): Buffer {
  const made = Buffer.alloc(length);
  for (let at = 0, state = 12345; at < length; at += 1) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    made[at] = state % 7 === 0 ? 10 : state >>> 16;
  }

  return made;
}
