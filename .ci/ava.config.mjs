// AVA's settings for CI: those of package.json, and an observer that leaves the run's counts in the file RXTRACTOR_COUNTS and the times of its
// tests in the folder RXTRACTOR_TIMES, and that says what was running when the run is cut off. Used by .ci/run, repeat.mjs and times.mjs only.
// AVA's TAP report would need no experiment, but it dies when a test process calls process.exit(), which in a library of processes is the
// very failure to be told about; and the log keeps the normal reporter this way.
import {readFileSync, writeFileSync, writeSync} from 'node:fs';
import {join, relative} from 'node:path';
import process from 'node:process';

const {ava} = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

const {RXTRACTOR_COUNTS: counts, RXTRACTOR_TIMES: times} = process.env;

export default {
  ...ava,
  ...(times && {require: ['./.ci/times-of-a-spec.mjs']}),
  nonSemVerExperiments: {observeRunsFromConfig: true},
  async observeRun(run) {
    let stats;
    const tests = [];
    const running = new Map();
    const failures = [];
    // AVA tells its failures at the end of a run, and `timeout` in .ci/run ends a run with this signal.
    process.once('SIGTERM', () => {
      writeSync(2, cutOff(running, failures));
      process.exit(143);
    });
    for await (const event of run.events) {
      if (event.type === 'declared-test') running.set(event.testFile, running.get(event.testFile) ?? 'none has');
      if (event.type === 'test-passed' || event.type === 'test-failed') running.set(event.testFile, event.title);
      if (event.type === 'worker-finished' || event.type === 'worker-failed') running.delete(event.testFile);
      if (event.type.endsWith('-failed') || event.type.startsWith('uncaught') || event.type.startsWith('unhandled'))
        failures.push(event);
      stats = event.type === 'stats' ? event.stats : stats;
      if (event.type === 'test-passed' || event.type === 'test-failed')
        tests.push({file: event.testFile, title: event.title, ms: event.duration});
      // Only a run that came to its end is written down: a missing file means that AVA died.
      if (event.type === 'end' && stats) {
        if (counts) writeFileSync(counts, summary(stats));
        if (times) writeFileSync(join(times, 'tests'), JSON.stringify(tests));
      }
    }
  },
};

function cutOff(running, failures) {
  const files = [...running].map(
    ([file, title]) => `cut off: ${relative('dist', file)}; the last test that has ended: ${title}`,
  );
  const details = failures.map(({title, testFile, err}) =>
    [
      `failed: ${relative('dist', testFile ?? '')}; ${title}`,
      err?.stack,
      ...(err?.formattedDetails ?? []).map(({formatted}) => formatted),
    ].join('\n'),
  );
  return [...details, ...files, ''].join('\n');
}

function summary(stats) {
  const passed = stats.passedTests + stats.passedKnownFailingTests;
  const skipped = stats.skippedTests + stats.todoTests;
  const failures =
    stats.failedTests +
    stats.remainingTests +
    stats.failedHooks +
    stats.internalErrors +
    stats.sharedWorkerErrors +
    stats.uncaughtExceptions +
    stats.unhandledRejections;
  // A spec file can fail without any test of it failing: nothing declared, or a process that ended badly.
  const failed = Math.max(failures, stats.failedWorkers);
  return `${passed} passed, ${failed} failed, ${skipped} skipped\n`;
}
