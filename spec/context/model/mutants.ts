/**
 * Planted faults of the protocol, which the model must find.
 * Beside model.ts, above spec/kit/mutants.ts; run by mutants.spec.ts, or by hand: `node dist/spec/context/model/mutants.js`.
 */
import {fileURLToPath} from 'node:url';
import {Copy, type Find, findBy, huntByHand, type Mutant} from '../../kit/mutants.js';

export const mutants: readonly Mutant[] = [
  {
    name: 'acknowledges the end before the clean-up',
    file: 'context/protocol/dialog',
    from: `['send received', 'abort'] :`,
    to: `['send received', 'abort', 'send ended'] :`,
  },
  {
    name: 'never says that the function has ended',
    file: 'context/protocol/dialog',
    from: `effects.push('send ended')`,
    to: 'effects.push()',
  },
  {
    name: 'forgets the cancel that it has received',
    file: 'context/protocol/dialog',
    from: `{ ...dialog, cancel: 'received', owesEnded: true }`,
    to: `{ ...dialog, cancel: 'received' }`,
  },
  {
    name: 'does not end a function that is cancelled',
    file: 'context/protocol/dialog',
    from: `['send received', 'abort'] :`,
    to: `['send received'] :`,
  },
  {
    name: 'lets a task outlive its channel',
    file: 'context/protocol/dialog',
    from: `effects.push('abort')`,
    to: 'effects.push()',
  },
  {
    name: 'does not end a function whose caller has failed',
    file: 'context/protocol/dialog',
    from: `effects.push('conclude', 'abort')`,
    to: `effects.push('conclude')`,
  },
  {
    name: 'takes an error of a function that still runs for its end',
    file: 'context/protocol/dialog',
    from: `settled: event === 'peer error' }`,
    to: 'settled: true }',
  },
  {
    name: 'delivers values after the terminal',
    file: 'context/protocol/dialog',
    from: `if (dialog.terminal !== 'none' || dialog.receiving === 'closed')`,
    to: `if (dialog.receiving === 'closed')`,
  },
  {
    name: 'takes in values behind its own close',
    file: 'context/protocol/dialog',
    from: `if (dialog.terminal !== 'none' || dialog.receiving === 'closed')`,
    to: `if (dialog.terminal !== 'none')`,
  },
  {
    name: 'refuses a value that comes late',
    file: 'context/protocol/dialog',
    from: `if (dialog.terminal !== 'none' || dialog.receiving === 'closed')\n                return still(dialog, ignored);`,
    to: `if (dialog.terminal !== 'none' || dialog.receiving === 'closed')\n                return still(dialog, violated);`,
  },
  {
    name: 'refuses a Return that crosses its own error',
    file: 'context/protocol/dialog',
    from: `if (dialog.terminal === 'failed')\n                return { next: { ...dialog, settled: true }, effects: ignored };`,
    to: `if (dialog.terminal === 'failed')\n                return still(dialog, violated);`,
  },
  {
    name: 'sends a second terminal when it settles after its error',
    file: 'context/protocol/dialog',
    from: `if (dialog.terminal === 'none')\n            effects.push('send');`,
    to: `effects.push('send');`,
  },
  {
    name: 'sends a second Cancel',
    file: 'context/protocol/dialog',
    from: `if (isOver(dialog) || dialog.cancel !== 'none')`,
    to: 'if (isOver(dialog))',
  },
  {
    name: 'stops receiving with its own Stop',
    file: 'context/protocol/dialog',
    from: `{ ...dialog, sending: 'stopped' }`,
    to: `{ ...dialog, sending: 'stopped', receiving: 'closed' }`,
  },
  {
    name: 'stops sending with the Stop of its peer',
    file: 'context/protocol/halves',
    from: `if (side === 'both')\n            this.outlet?.cut(`,
    to: 'this.outlet?.cut(',
  },
  {
    name: 'goes on sending when its peer has closed',
    file: 'context/protocol/halves',
    from: `if (side === 'both')\n            this.outlet?.cut(`,
    to: `if (side === 'neither')\n            this.outlet?.cut(`,
  },
  {
    name: 'concludes again when a terminal comes after the bound of its cancel',
    file: 'context/protocol/link',
    from: `if (this.outcome || this.#isReading)\n            return;`,
    to: '',
  },
  {
    name: 'sends a Return without the number of the last value',
    file: 'context/protocol/callee',
    from: 'link.channel.send(Kind.Return, link.id, link.lastSent, bytes)',
    to: 'link.channel.send(Kind.Return, link.id, 0, bytes)',
  },
  {
    name: 'sends an Error without the number of the last value',
    file: 'context/protocol/link',
    from: 'this.channel.send(Kind.Error, this.id, this.lastSent,',
    to: 'this.channel.send(Kind.Error, this.id, 0,',
  },
  {
    name: 'sends a Stop without the number of the last value',
    file: 'context/flow/outlet',
    from: 'this.#port.stop(this.#credit.sent, failure)',
    to: 'this.#port.stop(0, failure)',
  },
  {
    name: 'returns before what it has pushed has left',
    file: 'context/protocol/callee',
    from: 'isThenable(checked) ? checked : this.link.stream?.outlet?.flushed()',
    to: 'isThenable(checked) ? checked : undefined',
  },
  {
    name: 'lets the error of a stream overtake its values',
    file: 'context/protocol/callee',
    from: 'isBehind ? outlet.flushed().then(() => this.#sendError(error)) : this.#sendError(error)',
    to: 'this.#sendError(error)',
  },
  {
    name: 'replaces a result by the cancellation that came before it',
    file: 'context/protocol/callee',
    from: `cancelled && (cancelled.reason === 'deadline' || (synced && !started)) ? cancelled : undefined`,
    to: 'cancelled',
  },
  {
    name: 'sends a result after the deadline',
    file: 'context/protocol/callee',
    from: `cancelled.reason === 'deadline' || (synced && !started)`,
    to: 'synced && !started',
  },
  {
    name: 'takes a result that comes after the deadline',
    file: 'context/protocol/caller',
    from: 'isLate ? this.#late() : this.#resultOf(payload)',
    to: 'this.#resultOf(payload)',
  },
  {
    name: 'takes an error that comes after the deadline',
    file: 'context/protocol/caller',
    from: 'if (isLate)\n            return this.#late(error);',
    to: '',
  },
  {
    name: 'lets a stream look complete that a cancel has cut off',
    file: 'context/protocol/callee',
    from: 'link.stream?.interrupt();',
    to: '',
  },
  {
    name: 'lets a stream look complete that is closed after a cancel',
    file: 'context/protocol/halves',
    from: `link.act('close', () => this.#sendStop('both', link.lastSent, why));`,
    to: `link.act('close', () => this.#sendStop('both', link.lastSent));`,
  },
  {
    name: 'keeps the source of an output that was unsubscribed',
    file: 'context/protocol/caller',
    from: 'this.link.stream?.outlet?.cut(unsubscribedError(this.call.name));',
    to: '',
  },
  {
    name: 'tells a cancellation as a failure of the function',
    file: 'context/protocol/caller',
    from: 'if (cancelled === true)',
    to: 'if (cancelled === 1)',
  },
  {
    name: 'forgets credit that comes before it has opened its stream',
    file: 'context/protocol/halves',
    from: 'this.#earlyCredit = { messages, bytes };',
    to: 'this.#earlyCredit = undefined;',
  },
  {
    name: 'forgets an error that came before it has opened its stream',
    file: 'context/protocol/halves',
    from: `if (outcome)\n            inlet.finish(`,
    to: `else if (outcome)\n            inlet.finish(`,
  },
  {
    name: 'sends one value more than was granted',
    file: 'context/flow/credit',
    from: 'if (this.sent >= this.#messages)',
    to: 'if (this.sent > this.#messages)',
  },
  {
    name: 'sends one value less than was granted',
    file: 'context/flow/credit',
    from: 'if (this.sent >= this.#messages)',
    to: 'if (this.sent + 1 >= this.#messages)',
  },
  {
    name: 'grants one value too many',
    file: 'context/flow/credit',
    from: 'Math.min(this.#consumed + this.#window, ',
    to: 'Math.min(this.#consumed + this.#window + 1, ',
  },
  {
    name: 'grants what was consumed last instead of all',
    file: 'context/flow/credit',
    from: 'Math.min(this.#consumed + this.#window, ',
    to: 'Math.min(messages + this.#window, ',
  },
  {
    name: 'does not count the window in bytes',
    file: 'context/flow/credit',
    from: 'if (this.#sentBytes + bytes <= this.#bytes)',
    to: 'if (bytes > 0)',
  },
  {
    name: 'grants no bytes when it grants anew',
    file: 'context/flow/credit',
    from: 'const isUsed = (this.#consumedBytes + this.#windowBytes - this.#granted.bytes) * 2 >= this.#windowBytes;',
    to: 'const isUsed = false;',
  },
  {
    name: 'keeps what its window held of the budget of its channel',
    file: 'context/flow/credit',
    from: 'this.#budget.giveBack(this.#windowBytes);',
    to: '',
  },
  {
    name: 'never lets a value go that is larger than the window',
    file: 'context/flow/credit',
    from: 'return bytes > this.#windowBytes / 2 && this.#sentBytes < this.#bytes;',
    to: 'return false;',
  },
  {
    name: 'refuses the last value that it has granted',
    file: 'context/flow/credit',
    from: 'if (seq > this.#granted.messages ||',
    to: 'if (seq >= this.#granted.messages ||',
  },
  {
    name: 'grants credit for values that nobody has consumed',
    file: 'context/flow/inlet',
    from: 'this.#return(consumed);',
    to: 'this.#return(this.#next());',
  },
  {
    name: 'forgets a value that nobody has had',
    file: 'context/flow/inlet',
    from: 'this.#forget(kept);',
    to: 'this.#forget(Math.min(kept + 1, this.#next()));',
  },
  {
    name: 'keeps the backlog from its first reader',
    file: 'context/flow/inlet',
    from: 'this.#isGathering ? this.#base : this.#next()',
    to: 'this.#next()',
  },
  {
    name: 'keeps the regular end of a stream whose context then fails',
    file: 'context/flow/inlet',
    from: `if ('error' in end && !('error' in this.ended))`,
    to: 'if (false)',
  },
  {
    name: 'says Stop before what waits',
    file: 'context/flow/outlet',
    from: 'this.#stopping = failure ? { failure } : {};',
    to: 'this.#port.stop(this.#credit.sent, failure);',
  },
  {
    name: 'lets a value overtake what waits',
    file: 'context/flow/outlet',
    from: 'if (this.#queue.size > 0 || !this.#credit.fits(bytes.length))',
    to: 'if (!this.#credit.fits(bytes.length))',
  },
  {
    name: 'queues beyond bufferBytes',
    file: 'context/flow/outlet',
    from: 'this.queuedBytes + heldBytes(bytes) > this.#bufferBytes',
    to: 'this.queuedBytes > this.#bufferBytes',
  },
  {
    name: 'leaves a send hanging when the context ends',
    file: 'context/flow/outlet',
    from: 'waiting.settle?.reject(error);',
    to: '',
  },
  {
    name: 'does not count what a cut drops',
    file: 'context/flow/outlet',
    from: 'for (const waiting of queue) {\n            this.dropped++;',
    to: 'for (const waiting of queue) {',
  },
];

/** The finding of the model. @throws Error for a mutant that dies instead of telling what is wrong: that says nothing of the model */
export const findByModel: Find<Mutant> = (copy, mutant) => findBy(copy, mutant, 'dist/spec/context/model/attempt.js');

export const newCopy = (): Copy => new Copy(['spec/context/model/attempt.ts']);

if (process.argv[1] === fileURLToPath(import.meta.url)) await huntByHand(mutants, findByModel, newCopy);
