/**
 * Where the programs and the packages of the peers are.
 * Beneath `probe`, `install` and `plan`.
 */

export const root = new URL('../../../', import.meta.url);
/** The programs of the peers, and the list of their packages. */
export const peersSource = new URL('spec/bench/peers/', root);
/** Where both are together: `install` puts them there. As deep as the source, so that the programs find `dist`. */
export const peersFolder = new URL('node_modules/.cache/rxtractor-bench/', root);
