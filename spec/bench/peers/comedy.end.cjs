// The actor of comedy.
class Echo {
  echo(value) {
    return value;
  }
}

module.exports = Echo;
