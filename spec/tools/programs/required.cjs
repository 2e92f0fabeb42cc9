const {main, task} = require('rxtractor');

exports.double = task(value => 2 * value);

main(
  async nursery => {
    console.log(await nursery.run(exports.double, 21));
  },
  {timeouts: {spawn: 60_000}},
);
