#!/usr/bin/env node
/**
 * The program `rxtractor`: what it is asked, where it writes, and how it ends.
 * Floor 10, the top of `cli`. It runs when it is loaded.
 */
import {run} from './run.js';

const stopped = new AbortController();
/** The first asks the command to end in order, the second ends it at once, also when it is another one. */
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const stop = (signal: NodeJS.Signals): void => {
  for (const each of signals) process.off(each, stop);
  stopped.abort(signal);
};
for (const signal of signals) process.on(signal, stop);

/** The reader of a pipe may go before the end, as in `rxtractor watch | head`: that is not an error. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

const {stdin, stdout, stderr, env} = process;
const io = {input: stdin, out: stdout, err: stderr, env, interrupted: stopped.signal};
// No top-level await: the modules of lib could not be joined then (decision 25).
void run(process.argv.slice(2), io).then(code => {
  process.exitCode = code;
});
