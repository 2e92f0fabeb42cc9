/**
 * The environment of everything that is measured.
 * Beneath all that starts programs here.
 */

/** Without what makes each start of Node longer, or the library another one. Certificates alone take 40 to 75 ms of a start. */
export function plainEnv(): NodeJS.ProcessEnv {
  const {
    NODE_EXTRA_CA_CERTS: _certificates,
    RXTRACTOR_CODEC: _codec,
    NODE_OPTIONS: _options,
    ...inherited
  } = process.env;
  return inherited;
}
