// Where the stack of an error of this library begins: with the call, or the start, and the frames of the code that made it (rule E2).
// Beside errors.spec.ts, which looks at errors of other actors.
import {setTimeout as delay} from 'node:timers/promises';
import {lastValueFrom, map, take} from 'rxjs';
import {
  ActorDied,
  type ActorError,
  MessageTypeError,
  NotExposed,
  type Nursery,
  openNursery,
  type Portal,
  RemoteActorError,
  SpawnFailed,
  StreamOverrun,
  TransportClosed,
  Unserializable,
} from '../../lib/index.js';
import {listens, takesTwo} from '../fixtures/called.js';
import {countTo} from '../fixtures/streams.js';
import {add, exit, hidden, unsendable} from '../fixtures/tasks.js';
import {patient} from '../kit/patient.js';
import {spawning} from '../kit/spawning.js';

let outer: Nursery;
let portal: Portal;

const test = spawning({last: () => outer[Symbol.asyncDispose](), warns: true});

test.before(async () => {
  outer = await openNursery(patient);
  // In a process, because only an actor that imports the module knows under which names its functions are exported.
  portal = await outer.startActor('called', {expose: [add, countTo, listens, takesTwo, unsendable]});
});

interface Case {
  readonly Class: abstract new (...args: never[]) => ActorError;
  /** The function that was called, or started, as the stack says it. */
  readonly place: RegExp;
  readonly make: (portal: Portal, nursery: Nursery) => Promise<unknown>;
}

const none = (): number => 1;
const notThere = new URL('./not-there.js', import.meta.url);

const cases: Readonly<Record<string, Case>> = {
  'Unserializable: run()': {
    Class: Unserializable,
    place: /^ {4}\[calling add in called \(pid \d+\)\]$/,
    make: async function theUser(portal) {
      await portal.run(add, 1, {deep: [none]} as never);
    },
  },
  'Unserializable: stream()': {
    Class: Unserializable,
    place: /^ {4}\[calling countTo in called \(pid \d+\)\]$/,
    make: async function theUser(portal) {
      await lastValueFrom(portal.stream(countTo, none as never));
    },
  },
  'Unserializable: stream() in a pipe': {
    Class: Unserializable,
    place: /^ {4}\[calling countTo in called \(pid \d+\)\]$/,
    make: async function theUser(portal) {
      const piped = portal.stream(countTo, none as never).pipe(
        map(value => value),
        take(3),
        map(value => value),
      );
      await lastValueFrom(piped);
    },
  },
  'Unserializable: for await': {
    Class: Unserializable,
    place: /^ {4}\[calling countTo in called \(pid \d+\)\]$/,
    make: async function theUser(portal) {
      for await (const _value of portal.stream(countTo, none as never));
    },
  },
  'Unserializable: send()': {
    Class: Unserializable,
    place: /^ {4}\[calling listens in called \(pid \d+\)\]$/,
    make: async portal => {
      const context = await portal.openContext(listens);
      const wire = context.openStream();
      async function theUser(): Promise<void> {
        await wire.send(none as never);
      }
      await theUser().finally(() => context.cancel());
    },
  },
  'Unserializable: next()': {
    Class: Unserializable,
    place: /^ {4}\[calling listens in called \(pid \d+\)\]$/,
    make: async portal => {
      const context = await portal.openContext(listens);
      const wire = context.openStream();
      (function theUser(): void {
        wire.next(none as never);
      })();
      await context.result();
    },
  },
  'Unserializable: the result': {
    Class: RemoteActorError,
    place: /^ {4}\[in called \(pid \d+\)\]$/,
    make: async function theUser(portal) {
      await portal.run(unsendable, 'function');
    },
  },
  'MessageTypeError: run()': {
    Class: MessageTypeError,
    place: /^ {4}\[calling takesTwo in called \(pid \d+\)\]$/,
    make: async function theUser(portal) {
      await portal.run(takesTwo, 1, 'two' as never);
    },
  },
  'StreamOverrun: next()': {
    Class: StreamOverrun,
    place: /^ {4}\[calling listens in called \(pid \d+\)\]$/,
    make: async portal => {
      const context = await portal.openContext(listens);
      const wire = context.openStream({bufferBytes: 1_000});
      (function theUser(): void {
        for (let n = 0; n < 1_000; n++) wire.next('x'.repeat(1_000) as never);
      })();
      await context.result();
    },
  },
  'NotExposed: run()': {
    Class: RemoteActorError,
    place: /^ {4}\[in called \(pid \d+\)\]$/,
    make: async function theUser(portal) {
      const failure = await portal.run(hidden).catch((error: RemoteActorError) => error);
      if (failure instanceof RemoteActorError && failure.is(NotExposed)) throw failure;
    },
  },
  'ActorDied: run()': {
    Class: ActorDied,
    place: /^ {4}\[calling exit in dying \(pid \d+\)\]$/,
    make: async function theUser(_portal, nursery) {
      const dying = await nursery.startActor('dying', {expose: [exit]});
      await dying.run(exit, 3);
    },
  },
  'TransportClosed: run()': {
    Class: TransportClosed,
    place: /^ {4}\[calling add in gone \(pid \d+\)\]$/,
    make: async function theUser(_portal, nursery) {
      const gone = await nursery.startActor('gone', {expose: [add]});
      await gone.cancelActor();
      await gone.run(add, 1, 2);
    },
  },
  'SpawnFailed: startActor()': {
    Class: SpawnFailed,
    place: /^ {4}\[starting absent\]$/,
    make: async function theUser(_portal, nursery) {
      await nursery.startActor('absent', {expose: [notThere], backend: 'inline'});
    },
  },
  'SpawnFailed: actor()': {
    Class: SpawnFailed,
    place: /^ {4}\[starting absent\]$/,
    make: async function theUser(_portal, nursery) {
      await lastValueFrom(nursery.actor('absent', {expose: [notThere], backend: 'inline'}));
    },
  },
  'SpawnFailed: run()': {
    Class: SpawnFailed,
    place: /^ {4}\[starting add\]$/,
    make: async function theUser(_portal, nursery) {
      await nursery.with({name: 'add', cwd: '/not/there'}).run(add, 1, 2);
    },
  },
  'SpawnFailed: openPool()': {
    Class: SpawnFailed,
    place: /^ {4}\[starting worker-\d\]$/,
    make: async function theUser(_portal, nursery) {
      await nursery.openPool(2, {expose: [notThere], backend: 'inline'});
    },
  },
};

for (const [title, {Class, place, make}] of Object.entries(cases)) {
  test(`E2: ${title}: the stack begins with the call, and the frames of the code that made it`, async t => {
    const error = await openNursery(async nursery => {
      const failure = await make(portal, nursery).catch((thrown: unknown) => thrown);
      t.true(failure instanceof Class, String(failure));
      return failure as ActorError;
    }, patient).catch((death: ActorError) => death);
    const lines = error.stack?.slice(error.stack.indexOf(error.message) + error.message.length).split('\n') ?? [];
    t.regex(lines[1] ?? '', place, error.stack);
    t.regex(lines[2] ?? '', /call-frames\.spec\.(js|ts):\d+/, error.stack);
    // In the library's own code there is nothing to mend for its reader.
    t.regex(lines[2] ?? '', /theUser/, error.stack);
  });
}

test('E2: a death without a call begins where the actor was started', async t => {
  const death = await t.throwsAsync<ActorDied>(
    openNursery(async function theUser(nursery) {
      const actor = await nursery.startActor('killed', {expose: [add]});
      process.kill(actor.actor.pid, 'SIGKILL');
      await actor.ended;
      await delay(0);
    }, patient),
    {instanceOf: ActorDied},
  );
  t.regex(death.stack ?? '', /\n {4}\[started as killed\]\n {4}at .*theUser.*call-frames\.spec/);
});
