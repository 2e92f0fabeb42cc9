// The other end of each peer for the tables of orphans and of errors. CommonJS, because one of the peers cannot load anything else.
const {renameSync, writeFileSync} = require('node:fs');

class QuotaError extends Error {}

const work = {
  /** Says who it is, and is busy from then on, or idle. */
  hold(file, isBusy) {
    writeFileSync(`${file}.part`, String(process.pid));
    renameSync(`${file}.part`, file);
    while (isBusy);
  },
  fails: function failsThere() {
    const error = new QuotaError('too many', {cause: new RangeError('the cause')});
    error.name = 'QuotaError';
    throw Object.assign(error, {code: 'E_QUOTA', left: 3});
  },
  failsTwice() {
    throw new AggregateError([new RangeError('first'), new TypeError('second')], 'both');
  },
  crashes: () => process.exit(7),
};

exports.QuotaError = QuotaError;
exports.run = (name, ...args) => work[name](...args);
