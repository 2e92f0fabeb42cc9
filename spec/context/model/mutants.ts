/**
 * Seeded faults of the protocol: each is one exact replacement in a compiled file of `lib/context`.
 * Beside model.ts, which must find every one; run by mutants.spec.ts, or by hand: `node dist/spec/context/mutants.js`.
 */
import {execFile, execFileSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';

export interface Mutant {
  /** What the mutant does. */
  readonly name: string;
  /** The file in `lib/context`, without its ending. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

export const mutants: readonly Mutant[] = [
  {
    name: 'acknowledges the end before the clean-up',
    file: 'protocol/dialog',
    from: `['send received', 'abort'] :`,
    to: `['send received', 'abort', 'send ended'] :`,
  },
  {
    name: 'never says that the function has ended',
    file: 'protocol/dialog',
    from: `effects.push('send ended')`,
    to: 'effects.push()',
  },
  {
    name: 'forgets the cancel that it has received',
    file: 'protocol/dialog',
    from: `{ ...dialog, cancel: 'received', owesEnded: true }`,
    to: `{ ...dialog, cancel: 'received' }`,
  },
  {
    name: 'does not end a function that is cancelled',
    file: 'protocol/dialog',
    from: `['send received', 'abort'] :`,
    to: `['send received'] :`,
  },
  {
    name: 'lets a task outlive its channel',
    file: 'protocol/dialog',
    from: `effects.push('abort')`,
    to: 'effects.push()',
  },
  {
    name: 'does not end a function whose caller has failed',
    file: 'protocol/dialog',
    from: `effects.push('conclude', 'abort')`,
    to: `effects.push('conclude')`,
  },
  {
    name: 'takes an error of a function that still runs for its end',
    file: 'protocol/dialog',
    from: `settled: event === 'peer error' }`,
    to: 'settled: true }',
  },
  {
    name: 'delivers values after the terminal',
    file: 'protocol/dialog',
    from: `if (dialog.terminal !== 'none' || dialog.receiving === 'closed')`,
    to: `if (dialog.receiving === 'closed')`,
  },
  {
    name: 'takes in values behind its own close',
    file: 'protocol/dialog',
    from: `if (dialog.terminal !== 'none' || dialog.receiving === 'closed')`,
    to: `if (dialog.terminal !== 'none')`,
  },
  {
    name: 'refuses a value that comes late',
    file: 'protocol/dialog',
    from: `if (dialog.terminal !== 'none' || dialog.receiving === 'closed')\n                return still(dialog, ignored);`,
    to: `if (dialog.terminal !== 'none' || dialog.receiving === 'closed')\n                return still(dialog, violated);`,
  },
  {
    name: 'refuses a Return that crosses its own error',
    file: 'protocol/dialog',
    from: `if (dialog.terminal === 'failed')\n                return { next: { ...dialog, settled: true }, effects: ignored };`,
    to: `if (dialog.terminal === 'failed')\n                return still(dialog, violated);`,
  },
  {
    name: 'sends a second terminal when it settles after its error',
    file: 'protocol/dialog',
    from: `if (dialog.terminal === 'none')\n            effects.push('send');`,
    to: `effects.push('send');`,
  },
  {
    name: 'sends a second Cancel',
    file: 'protocol/dialog',
    from: `if (isOver(dialog) || dialog.cancel !== 'none')`,
    to: 'if (isOver(dialog))',
  },
  {
    name: 'stops receiving with its own Stop',
    file: 'protocol/dialog',
    from: `{ ...dialog, sending: 'stopped' }`,
    to: `{ ...dialog, sending: 'stopped', receiving: 'closed' }`,
  },
  {
    name: 'stops sending with the Stop of its peer',
    file: 'protocol/halves',
    from: `if (side === 'both')\n            this.outlet?.cut(`,
    to: 'this.outlet?.cut(',
  },
  {
    name: 'goes on sending when its peer has closed',
    file: 'protocol/halves',
    from: `if (side === 'both')\n            this.outlet?.cut(`,
    to: `if (side === 'neither')\n            this.outlet?.cut(`,
  },
  {
    name: 'concludes again when a terminal comes after the bound of its cancel',
    file: 'protocol/link',
    from: `if (this.outcome || this.#isReading)\n            return;`,
    to: '',
  },
  {
    name: 'sends a Return without the number of the last value',
    file: 'protocol/callee',
    from: 'link.channel.send(Kind.Return, link.id, link.lastSent, bytes)',
    to: 'link.channel.send(Kind.Return, link.id, 0, bytes)',
  },
  {
    name: 'sends an Error without the number of the last value',
    file: 'protocol/link',
    from: 'this.channel.send(Kind.Error, this.id, this.lastSent,',
    to: 'this.channel.send(Kind.Error, this.id, 0,',
  },
  {
    name: 'sends a Stop without the number of the last value',
    file: 'flow/outlet',
    from: 'this.#port.stop(this.#credit.sent, failure)',
    to: 'this.#port.stop(0, failure)',
  },
  {
    name: 'returns before what it has pushed has left',
    file: 'protocol/callee',
    from: 'isThenable(checked) ? checked : this.link.stream?.outlet?.flushed()',
    to: 'isThenable(checked) ? checked : undefined',
  },
  {
    name: 'lets the error of a stream overtake its values',
    file: 'protocol/callee',
    from: 'isBehind ? outlet.flushed().then(() => this.#sendError(error)) : this.#sendError(error)',
    to: 'this.#sendError(error)',
  },
  {
    name: 'replaces a result by the cancellation that came before it',
    file: 'protocol/callee',
    from: `cancelled && (cancelled.reason === 'deadline' || (synced && !started)) ? cancelled : undefined`,
    to: 'cancelled',
  },
  {
    name: 'sends a result after the deadline',
    file: 'protocol/callee',
    from: `cancelled.reason === 'deadline' || (synced && !started)`,
    to: 'synced && !started',
  },
  {
    name: 'takes a result that comes after the deadline',
    file: 'protocol/caller',
    from: 'isLate ? this.#late() : this.#resultOf(payload)',
    to: 'this.#resultOf(payload)',
  },
  {
    name: 'takes an error that comes after the deadline',
    file: 'protocol/caller',
    from: 'if (isLate)\n            return this.#late(error);',
    to: '',
  },
  {
    name: 'lets a stream look complete that a cancel has cut off',
    file: 'protocol/callee',
    from: 'link.stream?.interrupt();',
    to: '',
  },
  {
    name: 'lets a stream look complete that is closed after a cancel',
    file: 'protocol/halves',
    from: `link.act('close', () => this.#sendStop('both', link.lastSent, why));`,
    to: `link.act('close', () => this.#sendStop('both', link.lastSent));`,
  },
  {
    name: 'keeps the source of an output that was unsubscribed',
    file: 'protocol/caller',
    from: 'this.link.stream?.outlet?.cut(unsubscribedError(this.call.name));',
    to: '',
  },
  {
    name: 'tells a cancellation as a failure of the function',
    file: 'protocol/caller',
    from: 'if (cancelled === true)',
    to: 'if (cancelled === 1)',
  },
  {
    name: 'forgets credit that comes before it has opened its stream',
    file: 'protocol/halves',
    from: 'this.#earlyCredit = { messages, bytes };',
    to: 'this.#earlyCredit = undefined;',
  },
  {
    name: 'forgets an error that came before it has opened its stream',
    file: 'protocol/halves',
    from: `if (outcome)\n            inlet.finish(`,
    to: `else if (outcome)\n            inlet.finish(`,
  },
  {
    name: 'sends one value more than was granted',
    file: 'flow/credit',
    from: 'if (this.sent >= this.#messages)',
    to: 'if (this.sent > this.#messages)',
  },
  {
    name: 'sends one value less than was granted',
    file: 'flow/credit',
    from: 'if (this.sent >= this.#messages)',
    to: 'if (this.sent + 1 >= this.#messages)',
  },
  {
    name: 'grants one value too many',
    file: 'flow/credit',
    from: 'Math.min(this.#consumed + this.#window, ',
    to: 'Math.min(this.#consumed + this.#window + 1, ',
  },
  {
    name: 'grants what was consumed last instead of all',
    file: 'flow/credit',
    from: 'Math.min(this.#consumed + this.#window, ',
    to: 'Math.min(messages + this.#window, ',
  },
  {
    name: 'does not count the window in bytes',
    file: 'flow/credit',
    from: 'if (this.#sentBytes + bytes <= this.#bytes)',
    to: 'if (bytes > 0)',
  },
  {
    name: 'grants no bytes when it grants anew',
    file: 'flow/credit',
    from: 'const isUsed = (this.#consumedBytes + this.#windowBytes - this.#granted.bytes) * 2 >= this.#windowBytes;',
    to: 'const isUsed = false;',
  },
  {
    name: 'keeps what its window held of the budget of its channel',
    file: 'flow/credit',
    from: 'this.#budget.giveBack(this.#windowBytes);',
    to: '',
  },
  {
    name: 'never lets a value go that is larger than the window',
    file: 'flow/credit',
    from: 'return bytes > this.#windowBytes / 2 && this.#sentBytes < this.#bytes;',
    to: 'return false;',
  },
  {
    name: 'refuses the last value that it has granted',
    file: 'flow/credit',
    from: 'if (seq > this.#granted.messages ||',
    to: 'if (seq >= this.#granted.messages ||',
  },
  {
    name: 'grants credit for values that nobody has consumed',
    file: 'flow/inlet',
    from: 'this.#return(consumed);',
    to: 'this.#return(this.#next());',
  },
  {
    name: 'forgets a value that nobody has had',
    file: 'flow/inlet',
    from: 'this.#forget(kept);',
    to: 'this.#forget(Math.min(kept + 1, this.#next()));',
  },
  {
    name: 'keeps the backlog from its first reader',
    file: 'flow/inlet',
    from: 'this.#isGathering ? this.#base : this.#next()',
    to: 'this.#next()',
  },
  {
    name: 'keeps the regular end of a stream whose context then fails',
    file: 'flow/inlet',
    from: `if ('error' in end && !('error' in this.ended))`,
    to: 'if (false)',
  },
  {
    name: 'says Stop before what waits',
    file: 'flow/outlet',
    from: 'this.#stopping = failure ? { failure } : {};',
    to: 'this.#port.stop(this.#credit.sent, failure);',
  },
  {
    name: 'lets a value overtake what waits',
    file: 'flow/outlet',
    from: 'if (this.#queue.size > 0 || !this.#credit.fits(bytes.length))',
    to: 'if (!this.#credit.fits(bytes.length))',
  },
  {
    name: 'queues beyond bufferBytes',
    file: 'flow/outlet',
    from: 'this.queuedBytes + heldBytes(bytes) > this.#bufferBytes',
    to: 'this.queuedBytes > this.#bufferBytes',
  },
  {
    name: 'leaves a send hanging when the context ends',
    file: 'flow/outlet',
    from: 'waiting.settle?.reject(error);',
    to: '',
  },
  {
    name: 'does not count what a cut drops',
    file: 'flow/outlet',
    from: 'for (const waiting of queue) {\n            this.dropped++;',
    to: 'for (const waiting of queue) {',
  },
];

/** A compiled copy whose modules are not joined, to put mutants into. */
export class Copy {
  readonly #folder = mkdtempSync(join(tmpdir(), 'rxtractor-mutants-'));

  constructor() {
    const root = fileURLToPath(new URL('../../../..', import.meta.url));
    const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    const options = ['--noCheck', '--declaration', 'false', '--declarationMap', 'false', '--sourceMap', 'false'];
    execFileSync(process.execPath, [compiler, '-p', root, ...options, '--outDir', join(this.#folder, 'dist')]);
    symlinkSync(join(root, 'node_modules'), join(this.#folder, 'node_modules'), 'junction');
    writeFileSync(join(this.#folder, 'package.json'), '{"type": "module"}');
  }

  /** What the model finds in a mutant, or in the copy as it is. Undefined: nothing. @throws Error for a mutant that does not apply */
  async findIn(mutant?: Mutant): Promise<string | undefined> {
    if (!mutant) return this.#attempt();
    const path = this.#pathOf(mutant);
    const code = this.codeOf(mutant);
    writeFileSync(path, mutate(code, mutant));
    try {
      return await this.#attempt();
    } finally {
      writeFileSync(path, code);
    }
  }

  /** The compiled file that a mutant changes, without the mutant. */
  codeOf(mutant: Mutant): string {
    return readFileSync(this.#pathOf(mutant), 'utf8');
  }

  #pathOf({file}: Mutant): string {
    return join(this.#folder, 'dist', 'lib', 'context', `${file}.js`);
  }

  remove(): void {
    rmSync(this.#folder, {recursive: true, force: true});
  }

  #attempt(): Promise<string | undefined> {
    const program = join(this.#folder, 'dist', 'spec', 'context', 'model', 'attempt.js');
    return new Promise((resolve, reject) => {
      execFile(process.execPath, [program], {timeout: 60_000}, (error, stdout, stderr) => {
        // A mutant that dies instead of telling what is wrong says nothing of the model.
        if (error) reject(new Error(`the attempt itself failed: ${error.message}\n${stderr}`));
        else resolve(stdout.trim() || undefined);
      });
    });
  }
}

/** @throws Error when the text is not there exactly once: the mutant would be no mutant, or another */
export function mutate(code: string, {name, file, from, to}: Mutant): string {
  const count = code.split(from).length - 1;
  if (count !== 1) throw new Error(`the mutant that ${name}: ${file}.js holds ${count} times: ${from}`);
  return code.replace(from, () => to);
}

/** A line for each mutant: what has killed it, or that nothing has. */
export async function hunt(
  copy: Copy,
  tell: (line: string) => void,
): Promise<{readonly killed: number; readonly survivors: readonly string[]}> {
  const survivors: string[] = [];
  for (const mutant of mutants) {
    const fault = await copy.findIn(mutant);
    if (fault === undefined) survivors.push(mutant.name);
    tell(`${mutant.file}: ${mutant.name} → ${fault?.split('\n')[0] ?? 'SURVIVES'}`);
  }
  return {killed: mutants.length - survivors.length, survivors};
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const copy = new Copy();
  try {
    const {killed} = await hunt(copy, console.log);
    console.log(`${killed} of ${mutants.length} mutants killed`);
    process.exitCode = killed === mutants.length ? 0 : 1;
  } finally {
    copy.remove();
  }
}
