/**
 * Planted faults of the library, each with the rule that finds it in simulations.
 * Above spec/kit/mutants.ts and rules/; mutants.spec.ts runs them. By hand: `node dist/spec/testing/mutants.js`.
 */
import {fileURLToPath} from 'node:url';
import {Copy, type Find, findBy, huntByHand, type Mutant} from '../kit/mutants.js';

export interface LibraryMutant extends Mutant {
  /** The beginning of the title of the rule that finds it. */
  readonly by: string;
}

export const mutants: readonly LibraryMutant[] = [
  // The three that the design of the kit names.
  {
    name: 'grants a credit twice',
    by: 'F1, F2',
    file: 'context/flow/credit',
    from: 'Math.min(this.#consumed + this.#window, ',
    to: 'Math.min(this.#consumed + 2 * this.#window, ',
  },
  {
    name: 'tells a call between the end of the channel and the verdict of the bare end',
    by: 'T17: whatever',
    file: 'nursery/child-connection',
    from: 'return this.#verdict.promise;',
    to: 'return Promise.resolve(closed);',
  },
  {
    name: 'acknowledges the end before the clean-up',
    by: 'X2: a cancel resolves true',
    file: 'context/protocol/dialog',
    from: `['send received', 'abort'] :`,
    to: `['send received', 'abort', 'send ended'] :`,
  },
  // Contexts and streams.
  {
    name: 'opens a context before the sync point',
    by: 'C1',
    file: 'actor/portal',
    from: 'const opened = new Context(caller);',
    to: 'const opened = new Context(caller); resolve(opened);',
  },
  {
    name: 'lets a task outlive its caller',
    by: 'C9',
    file: 'context/protocol/dialog',
    from: `effects.push('abort')`,
    to: 'effects.push()',
  },
  {
    name: 'opens something in a scope that has settled',
    by: 'C12',
    file: 'base/scope',
    from: 'this.#settled = true;',
    to: '',
  },
  {
    name: 'lets a sleep outlive its scope',
    by: 'C12',
    file: 'base/scope',
    from: 'this.#detach?.();\n        this.#endSleep();',
    to: 'this.#detach?.();',
  },
  {
    name: 'lets a task return while it still waits for what it has opened',
    by: 'C6: a task',
    file: 'actor/plain-task',
    from: 'return !scope || !(scope.isAwaited || scope.cancelled || scope.failures.length > 0);',
    to: 'return true;',
  },
  {
    name: 'replaces a result by the cancellation that came before it',
    by: 'C5',
    file: 'context/protocol/callee',
    from: `cancelled && (cancelled.reason === 'deadline' || (synced && !started)) ? cancelled : undefined`,
    to: 'cancelled',
  },
  // Cancellation.
  {
    name: 'does not cancel what runs in a scope inside',
    by: 'X3',
    file: 'base/scope',
    from: 'this.#detach = parent.onCancel(why => this.cancel(why));',
    to: 'return;',
  },
  {
    name: 'cancels what is shielded',
    by: 'X3',
    file: 'base/shield',
    from: `new Scope('a shield', now.scope, true)`,
    to: `new Scope('a shield', now.scope)`,
  },
  {
    name: 'fails a scope with the cancel that it has asked for itself',
    by: 'X5',
    file: 'base/scope',
    from: '(this.#cancelled || ownCancels.has(error))',
    to: 'this.#cancelled',
  },
  {
    name: 'lets two subscriptions hold one thing',
    by: 'X9: a new',
    file: 'context/rx/cold',
    from: 'const before = leaving.size > 0 ? Promise.all(leaving) : undefined;',
    to: 'const before = undefined;',
  },
  {
    name: 'does not listen to a signal',
    by: 'X10',
    file: 'base/abort',
    from: 'waiters.add(waiter);',
    to: '',
  },
  // Flow.
  {
    name: 'lets values pass a cancel',
    by: 'X2: a cancel passes',
    file: 'channel/outbox',
    from: 'this.#urgent.push(message);',
    to: 'this.#append(message, queue);',
  },
  {
    name: 'never says that a silent actor is heard again',
    by: 'F5',
    file: 'channel/heartbeat',
    from: `report('responsive');`,
    to: '',
  },
  {
    name: 'keeps the memory that was given away',
    by: 'F6',
    file: 'msg/codec',
    from: 'structuredClone(buffer, { transfer: [buffer] })',
    to: 'structuredClone(buffer)',
  },
  // The tree.
  {
    name: 'takes the death of an actor for asked when somebody asks for its end too late',
    by: 'T17: who asks',
    file: 'nursery/child-actor',
    from: `if (!(this.progress.phase === 'serving' && this.#isLost))`,
    to: 'if (true)',
  },
  {
    name: 'does not kill an actor that does not obey',
    by: 'T10',
    file: 'nursery/reap',
    from: 'actor.kill();',
    to: '',
  },
  {
    name: 'gives an actor all of the time to acknowledge',
    by: 'T10',
    file: 'nursery/reap',
    from: 'Math.min(ackMs, budget / 2)',
    to: 'budget',
  },
  {
    name: 'gives an actor up one death too early',
    by: 'T9: with restart',
    file: 'nursery/restart-policy',
    from: 'this.attempt > this.times',
    to: 'this.attempt >= this.times',
  },
  {
    name: 'calls the actor that has died, and not the one that follows',
    by: 'T9: with restart',
    file: 'nursery/lasting-actor',
    from: 'this.#isOver || this.#incarnation?.isThere() ? this.#portal : undefined',
    to: 'this.#portal',
  },
  {
    name: 'gives a worker two tasks at a time',
    by: 'C6, T8',
    file: 'nursery/workers',
    from: 'worker.tasks >= claim.share',
    to: 'worker.tasks > claim.share',
  },
  {
    name: 'forgets that an iterator has lost values',
    by: 'B1',
    file: 'context/flow/inlet',
    from: 'position.missed += oldest - position.next;',
    to: '',
  },
  {
    name: 'closes a shared resource while somebody uses it',
    by: 'B2',
    file: 'actor/shared',
    from: 'this.users > 0 || this.closing',
    to: 'this.closing',
  },
  {
    name: 'opens a shared resource again before it is closed',
    by: 'B2',
    file: 'actor/shared',
    from: 'await user.orCancelled(resource.closing.catch(() => { }));\n            continue;',
    to: 'return openFirst(table, key, open, user);',
  },
  {
    name: 'keeps an actor on the list that has ended',
    by: 'D1, D2',
    file: 'discovery/registrar',
    from: 'this.#registrations.delete(id);',
    to: '',
  },
];

/** Maximum number of choices to which a failure must be reduced. */
const maxChoices = 10;

/** Tries the rule of a mutant. Of the copy as it is all rules are tried that find mutants. */
export const findByRule: Find<LibraryMutant> = async (copy, mutant) => {
  const titles = mutant ? [mutant.by] : [...new Set(mutants.map(({by}) => by))];
  const found = await findBy(copy, mutant, 'dist/spec/testing/attempt.js', ...titles);
  if (Number.parseInt(found ?? '', 10) > maxChoices) throw new Error(`a failure was not reduced enough: ${found}`);
  return found;
};

export const newCopy = (): Copy => new Copy(['spec/testing/attempt.ts']);

if (process.argv[1] === fileURLToPath(import.meta.url)) await huntByHand(mutants, findByRule, newCopy);
