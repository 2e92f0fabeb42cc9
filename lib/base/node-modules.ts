/**
 * Modules of Node that are loaded when they are first used.
 * Floor 0. Each of them takes as long to load as a twentieth of Node itself, and most actors never need one. An `import` would load them
 * at the start of every actor.
 */

/** Makes random bytes and proofs. */
export const nodeCrypto = () => process.getBuiltinModule('node:crypto');

/** Starts other programs. */
export const nodeProcesses = () => process.getBuiltinModule('node:child_process');

/** Starts threads. */
export const nodeThreads = () => process.getBuiltinModule('node:worker_threads');
