// Leaves the seconds that a spec file took in the folder RXTRACTOR_TIMES. Loaded by AVA into the process of each spec file, for times.mjs only.
import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import process from 'node:process';
import {fileURLToPath} from 'node:url';
import test from 'ava';

process.on('exit', () => {
  const row = {file: fileURLToPath(test.meta.file), seconds: performance.now() / 1000, cpu: processorSeconds()};
  writeFileSync(join(process.env.RXTRACTOR_TIMES, `${process.pid}.json`), JSON.stringify(row));
});

/** The time of this process and of the children that it has waited for; Linux counts in hundredths. */
function processorSeconds() {
  try {
    const stat = readFileSync('/proc/self/stat', 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / 100;
  } catch {
    return process.cpuUsage().user / 1e6;
  }
}
