// The actor of comedy for the tables of orphans and of errors.
const {run} = require('./fate-work.cjs');

class Runs {
  run({name, args}) {
    return run(name, ...args);
  }
}

module.exports = Runs;
