// The error that a caller is told when a function fails in another process. Argument: subject. Prints it as JSON, and ends.
import {QuotaError, subjects} from './fate-subjects.mjs';

/** After this time nobody tells the caller any more. */
const patienceMs = 20_000;

const [subject] = process.argv.slice(2);
const failed = await fault('fails');
const twice = await fault('failsTwice');
const crash = await fault('crashes');
const original = failed?.cause instanceof QuotaError ? failed.cause : failed;
const members = (twice?.cause?.errors ?? twice?.errors)
  ?.filter?.(member => member instanceof Object)
  .map(member => member.constructor.name);
console.log(
  JSON.stringify({
    class: original instanceof QuotaError ? 'QuotaError' : String(original?.constructor?.name),
    name: original?.name,
    code: original?.code,
    own: original?.left,
    cause: original?.cause?.constructor?.name,
    members: members?.length > 0 ? members : undefined,
    stack: /failsThere/.test(String(original?.stack)),
    crash: crash && `${crash.constructor.name}: ${String(crash.message).split('\n')[0]}`,
  }),
);
// Not every subject lets its process end.
process.exit();

/** The error with which a call in a process of its own fails; undefined when nobody tells it. */
async function fault(name) {
  const call = await subjects[subject]();
  const never = new Promise(resolve => setTimeout(resolve, patienceMs));
  return Promise.race([
    never,
    Promise.resolve(call(name)).then(
      () => undefined,
      error => error,
    ),
  ]);
}
