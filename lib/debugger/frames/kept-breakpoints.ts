/**
 * A breakpoint as the thread of the program keeps it while no prompt is open.
 * Floor 7: types only; `program-breakpoints` hands it over, `capture` stops at it.
 */
export interface KeptBreakpoint {
  readonly number: number;
  /** In V8's words: counts from 0, in the code that runs. */
  readonly location: {readonly scriptId: string; readonly lineNumber: number; readonly columnNumber: number};
  readonly condition: string | undefined;
  readonly isOnce: boolean;
}
