/**
 * The tables of the report: which figures of which probe, and what they say.
 * Beneath `page`; data only.
 */

export interface Column {
  readonly title: string;
  /** `cpu`: the processor time of a unit at both ends, from the metrics `here` and `there` with this ending. */
  readonly metric: string;
}

export interface Table {
  readonly title: string;
  readonly prose: string;
  readonly probe: string;
  readonly columns: readonly Column[];
}

export interface Section {
  readonly title: string;
  readonly prose: string;
  /** Plots, by the name of their file. */
  readonly plots?: readonly string[];
  readonly tables: readonly Table[];
}

const cpu: Column = {title: 'processor, µs', metric: 'cpu'};
const rate: Column = {title: 'values/s', metric: 'rate'};
const ms = (title: string, metric: string): Column => ({title: `${title}, ms`, metric});

function stream(name: string, title: string, prose: string): Table {
  return {title, prose, probe: `stream: ${name}`, columns: [rate, cpu]};
}

function beside(load: string, title: string): Table {
  return {
    title,
    prose: '',
    probe: `beside ${load}`,
    columns: [
      ms('p50', 'p50'),
      ms('p99', 'p99'),
      ms('p99 to another actor', 'other p99'),
      ms('longest turn of the caller', 'turn'),
      ms('of the actor', 'actor turn'),
    ],
  };
}

export const sections: readonly Section[] = [
  {
    title: 'Calls',
    prose: `A call sends a number, and its answer is that number. All answers are added up, and a wrong sum fails the probe. Processor time is that of one
call: first at the end that calls, then at the end that answers. Where the other end is a thread, one number holds both.`,
    plots: ['calls'],
    tables: [
      {
        title: 'Latency',
        prose: `One call after the other. The p50 depends on whether the machine lets a waiting core sleep, so \`best\` is given beside it: the median of the
best seventh of the time, when both cores were awake. *First* is the processor time of one of the first 500 calls at both ends, before the compiler
has seen them often enough.`,
        probe: 'call',
        columns: [
          {title: 'p50, µs', metric: 'p50'},
          {title: 'p99, µs', metric: 'p99'},
          {title: 'best, µs', metric: 'best'},
          cpu,
          {title: 'first, µs', metric: 'first'},
        ],
      },
      {
        title: 'Calls in a second',
        prose: 'So many calls are always under way. Processor time is that of a call with 256 in flight.',
        probe: 'calls',
        columns: [
          {title: '1', metric: 'rate 1'},
          {title: '64', metric: 'rate 64'},
          {title: '256', metric: 'rate 256'},
          {title: '1 024', metric: 'rate 1024'},
          {title: 'processor, µs', metric: 'cpu 256'},
        ],
      },
      {
        title: 'One call to each of ten',
        prose: 'All ten are asked at once; the time is that of the last answer.',
        probe: 'fan-out',
        columns: [{title: 'p50, µs', metric: 'p50'}, {title: 'best, µs', metric: 'best'}, cpu],
      },
    ],
  },
  {
    title: 'Streams of small values',
    prose: `A stream sends \`{id, name}\`, and the reader adds up the ids. *Gathered*: the source has many values ready, and the library may put
them into one message. *One at a time*: the source gives a value, waits until the library takes the next, and so on. The bare socket sends 16 bytes for
each value, gathered, so it is the limit and not a rival. Node's own channels know no flow control: their sender runs ahead of the reader, and keeps what is
under way in memory.`,
    plots: ['streams'],
    tables: [
      stream(
        'objects',
        'Small objects, gathered',
        'The source is an iterable. comlink, birpc and threads.js send each value by itself, without a wait.',
      ),
      stream(
        'objects each',
        'Small objects, one at a time',
        'Here rxtractor awaits `send()` for each value. comlink and birpc await a call for each. The streams of the others pull their source.',
      ),
      stream('numbers', 'Numbers, gathered', ''),
      stream('numbers each', 'Numbers, one at a time', ''),
      stream('records', 'Records of 1 KiB, gathered', 'An object with a text of 900 characters and three numbers.'),
      stream('records each', 'Records of 1 KiB, one at a time', ''),
      stream(
        'operators',
        'Small objects, with an operator on each side',
        'A `map` in the actor, and a `map` at the reader; RxJS for rxtractor.',
      ),
      stream('window 4096', 'Small objects, gathered, with a window of 4 096', 'The usual window is 1 024 messages.'),
      stream('async source', 'Small objects from an async generator', ''),
      stream(
        'Observable',
        'Small objects from an Observable',
        'It is pushed in one burst, and what finds no room waits in the buffer of the stream.',
      ),
    ],
  },
  {
    title: 'Large values, and both ways',
    prose: 'The reader adds up the length, the first byte and the last byte of each buffer.',
    plots: ['large'],
    tables: [
      stream('64 KiB', 'Buffers of 64 KiB', 'One thousand values in a second are 65 MB/s.'),
      stream('1 MiB', 'Buffers of 1 MiB', 'One thousand values in a second are 1 049 MB/s.'),
      stream(
        'echo',
        'Small objects there and back',
        'The reader sends each value, and gets it back while it sends the next ones.',
      ),
    ],
  },
  {
    title: 'Small calls beside something large',
    prose: `A small call is due every 5 ms, over the channel on which something large crosses, and to another actor. Its time counts from the moment at which it
was due, so that a stall counts for every call that it holds up. A turn is the longest time of the processor for which one end did not give its event loop back.`,
    tables: [
      beside('nothing', 'Beside nothing'),
      beside('buffers', 'Beside a stream of 64 KiB buffers'),
      beside('binary down', 'Beside answers of 48 MiB, binary'),
      beside('binary up', 'Beside arguments of 48 MiB, binary'),
      beside('objects down', 'Beside answers of 48 MiB, objects'),
      beside('objects up', 'Beside arguments of 48 MiB, objects'),
      {
        title: 'Beside a stalled context, among a thousand',
        prose: `A thousand contexts share one channel. One of them fills its window, and nobody reads it. The times are those of a message there and back on the
others, before and after that.`,
        probe: 'one stalled of 1000',
        columns: [
          {title: 'p99 before, µs', metric: 'p99 before'},
          {title: 'p99 after, µs', metric: 'p99'},
        ],
      },
    ],
  },
  {
    title: 'Starts and ends',
    prose:
      'From nothing to the answer of the first call. The first start of a program is apart, because it pays for what is loaded once.',
    plots: ['starts'],
    tables: [
      {
        title: 'A start to the first reply',
        prose: '',
        probe: 'spawn',
        columns: [ms('median', 'ms'), ms('best', 'best'), ms('the first', 'first')],
      },
      {
        title: 'The same, where the module of the actor imports RxJS',
        prose: '',
        probe: 'spawn rxjs',
        columns: [ms('median', 'ms'), ms('best', 'best')],
      },
      {
        title: 'With a compile cache',
        prose: 'The variable NODE_COMPILE_CACHE names a folder, in which Node keeps compiled code from Node 22 on.',
        probe: 'spawn cached',
        columns: [ms('median', 'ms'), ms('best', 'best')],
      },
      {
        title: 'From a standby',
        prose: 'A process that was started before it was needed.',
        probe: 'spawn standby',
        columns: [ms('median', 'ms'), ms('best', 'best')],
      },
      {
        title: 'An empty program',
        prose: 'What Node itself takes, from its start to its end.',
        probe: 'spawn empty',
        columns: [ms('median', 'ms'), ms('best', 'best')],
      },
      {
        title: 'Ten at once',
        prose: 'From nothing to the answers of all ten.',
        probe: 'spawn ten',
        columns: [ms('median', 'ms')],
      },
      {title: 'Ten empty programs at once', prose: '', probe: 'spawn empty ten', columns: [ms('median', 'ms')]},
      {
        title: 'One of ten throws',
        prose: 'From the throw until the parent has the error, and until all ten are gone.',
        probe: 'one of ten fails',
        columns: [ms('the parent knows', 'seen'), ms('all are gone', 'gone')],
      },
      {
        title: 'Ten bare processes end',
        prose: 'They see the end of their socket, and exit.',
        probe: 'ten end',
        columns: [ms('all are gone', 'gone')],
      },
    ],
  },
  {
    title: 'Memory',
    prose: '',
    tables: [
      {
        title: 'An idle process',
        prose: 'The memory that it shares with no other process, after one call.',
        probe: 'memory',
        columns: [{title: 'MiB', metric: 'mib'}],
      },
    ],
  },
  {
    title: 'Pools',
    prose: '',
    tables: [
      {
        title: 'Small tasks in a pool of two',
        prose: `64 tasks are always asked for; each worker has one at a time. The workers of piscina, and of tinypool where it says so, are threads.`,
        probe: 'pool tasks',
        columns: [{title: 'tasks/s', metric: 'rate'}, cpu],
      },
    ],
  },
  {
    title: 'Names and links',
    prose: '',
    tables: [
      {
        title: 'A call over a direct link',
        prose: 'An actor calls an actor that it has found by name, and its own child, in turns.',
        probe: 'found',
        columns: [
          {title: 'to the found one, p50 µs', metric: 'found'},
          {title: 'to its child, p50 µs', metric: 'child'},
        ],
      },
      {
        title: 'Names found in a second',
        prose: 'Of a thousand actors: in the root, in an actor below it, and where there is no such name.',
        probe: 'names',
        columns: [
          {title: 'in the root', metric: 'root'},
          {title: 'in an actor', metric: 'child'},
          {title: 'in vain', metric: 'vain'},
        ],
      },
    ],
  },
];

/** The sections of scale: what is plotted over the size. */
export const scales = [
  {
    name: 'contexts',
    title: 'Contexts on one channel',
    size: 'contexts',
    prose: `So many contexts are opened on one channel, each gets a message and gives it back, and all are cancelled. The cost is the processor time of one
context in µs, both ends together. Few contexts cost more each, because a message that travels alone has a frame, a write and a wake-up of its own; many share them.`,
    metrics: {open: 'open', message: 'a message there and back', end: 'cancel'},
    unit: 'µs of the processor for each',
  },
  {
    name: 'actors',
    title: 'Actors',
    size: 'actors',
    prose: `So many actors start at once, answer, and end. The time is that of all, divided by their number: the cores do several at a time, so a single
actor takes longest.`,
    metrics: {start: 'start and answer', end: 'end'},
    unit: 'ms for each',
  },
  {
    name: 'depth',
    title: 'Levels of actors',
    size: 'levels',
    prose:
      'An actor starts an actor, which starts the next. A level costs as much as the one above it, because each start waits for the one below.',
    metrics: {start: 'start of a level', end: 'end of a level'},
    unit: 'ms for each',
  },
  {
    name: 'depth-call',
    from: 'depth',
    title: 'A call through levels of actors',
    size: 'levels',
    prose: 'A call is handed on from actor to actor to the last one, and its answer back.',
    metrics: {hop: 'time', 'hop cpu': 'processor, all processes'},
    unit: 'µs for each level',
  },
  {
    name: 'payload',
    title: 'Bytes of a call',
    size: 'bytes',
    prose: `A call carries so many bytes there and back. Small ones cost what a call costs; from some KiB on the bytes count, each as much as the next. Both scales are
logarithmic, so a straight line up is a constant cost of a byte.`,
    metrics: {call: 'time', 'call cpu': 'processor, both ends'},
    unit: 'µs for a call',
    isLog: true,
  },
  {
    name: 'window',
    title: 'Messages of a window',
    size: 'messages',
    prose: `A stream of small objects with so large a window. With a window of 1 each value waits for the credit of the one before; the cost falls as long as one
grant, one frame and one write serve more values.`,
    metrics: {here: 'processor of the reader', there: 'processor of the sender'},
    unit: 'µs for a value',
    isLog: true,
  },
] as const;
