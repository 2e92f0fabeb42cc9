// Spans over processes: one trace with the right parents. Every actor keeps its spans in memory.
import {context, trace} from '@opentelemetry/api';
import {ActorDied, openNursery} from '../../lib/index.js';
import {type ToldSpan, takeSpans} from '../fixtures/otel-sdk.js';
import '../fixtures/otel-spans.js';
import {die} from '../fixtures/mortal.js';
import {lettersBelow, spansHere, traceBelow} from '../fixtures/otel-tree.js';
import {patient} from '../kit/patient.js';
import {fixture} from '../kit/program.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({takesLong: true});
const tracer = trace.getTracer('spec');
const options = {...patient, logLevel: 'error', preload: [fixture('otel-spans')]} as const;
const [server, client] = [1, 2];

/** Runs in a span, and returns its name. */
async function inSpan<T>(name: string, fn: () => Promise<T>): Promise<T> {
  const span = tracer.startSpan(name);
  try {
    return await context.with(trace.setSpan(context.active(), span), fn);
  } finally {
    span.end();
  }
}

const find = (spans: readonly ToldSpan[], name: string, kind: number): ToldSpan => {
  const found = spans.find(span => span.name === name && span.kind === kind);
  if (!found) throw new Error(`no span ${name} of the kind ${kind} in ${JSON.stringify(spans)}`);
  return found;
};

test('a call through three processes is one trace, with the callee below the call', async t => {
  await openNursery(async nursery => {
    const a = await nursery.startActor('a', {expose: [lettersBelow, spansHere]});
    takeSpans();
    const {told, spans: inB} = await inSpan('request', () => a.run(lettersBelow));
    const [here, inA] = [takeSpans(), await a.run(spansHere)];
    const request = find(here, 'request', 0);
    const chain = [
      request,
      find(here, 'lettersBelow', client),
      find(inA, 'lettersBelow', server),
      find(inA, 'letters', client),
      find(inB, 'letters', server),
    ];
    for (const [at, span] of chain.entries()) {
      t.is(span.trace, request.trace);
      t.is(span.parent, chain[at - 1]?.span, span.name);
    }
    t.is(told[0], chain[4]?.span, 'the function runs in its span');
    const spawn = find(inA, 'spawn b', 0);
    t.is(spawn.parent, chain[2]?.span);
    t.deepEqual(spawn.events, ['exec', 'connect', 'import', 'ready']);
    t.like(chain[1]?.attributes, {
      'rxtractor.peer.name': 'a',
      'rxtractor.outcome': 'returned',
      'rpc.method': 'lettersBelow',
    });
  }, options);
});

test('an actor without an SDK hands the trace on', async t => {
  await openNursery(
    async nursery => {
      const a = await nursery.startActor('a', {expose: [traceBelow]});
      const [traceId, there] = await inSpan('request', async () => [
        trace.getActiveSpan()?.spanContext().traceId,
        await a.run(traceBelow),
      ]);
      t.is(there, traceId);
    },
    {...options, preload: [fixture('otel-without-sdk')]},
  );
});

test('the call into an actor that dies ends with ActorDied', async t => {
  await openNursery(async nursery => {
    const portal = await nursery.startActor('a', {expose: [die], restart: {delay: 1}});
    takeSpans();
    await t.throwsAsync(
      inSpan('request', () => portal.run(die, 9)),
      {instanceOf: ActorDied},
    );
    t.is(find(takeSpans(), 'die', client).attributes['error.type'], 'ActorDied');
  }, options);
});
