// AVA's settings for CI: those of package.json, and an observer that leaves the run's counts in the file RXTRACTOR_COUNTS.
// Used by .ci/run only. AVA's TAP report would need no experiment, but it dies when a test process calls process.exit(),
// which in a library of processes is the very failure to be told about; and the log keeps the normal reporter this way.
import {readFileSync, writeFileSync} from 'node:fs';
import process from 'node:process';

const {ava} = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

export default {
  ...ava,
  nonSemVerExperiments: {observeRunsFromConfig: true},
  async observeRun(run) {
    let stats;
    for await (const event of run.events) {
      stats = event.type === 'stats' ? event.stats : stats;
      // Only a run that came to its end is written down: a missing file means that AVA died.
      if (event.type === 'end' && stats) {
        writeFileSync(process.env.RXTRACTOR_COUNTS, summary(stats));
      }
    }
  },
};

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
