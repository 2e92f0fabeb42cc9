/**
 * Modules of Node that are loaded when they are first used.
 * Floor 0. Each of them takes as long to load as a twentieth of Node itself, and most actors never need one. An `import` would load them
 * at the start of every actor.
 */

/** Makes random bytes and proofs. */
export const nodeCrypto = () => process.getBuiltinModule('node:crypto');

/** The SHA-256 of a content, in hex. */
export const sha256 = (content: Uint8Array | string): string =>
  nodeCrypto().createHash('sha256').update(content).digest('hex');

/** Starts other programs. */
export const nodeProcesses = () => process.getBuiltinModule('node:child_process');

/** Starts threads. */
export const nodeThreads = () => process.getBuiltinModule('node:worker_threads');
