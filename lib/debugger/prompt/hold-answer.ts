/**
 * The shared memory in which the agent answers a main thread that waits in the middle of a statement.
 * Floor 7: below `breakpoint-prompt` and `agent-worker`; data. The agent must not load what its main thread loads.
 */

/** The elements of the answer. */
export const holdAnswer = {state: 0, columns: 1, colours: 2} as const;

/** `open`: no answer yet. `givenUp`: the main thread has not waited for it. */
export const holdState = {open: 0, held: 1, refused: 2, givenUp: 3} as const;
