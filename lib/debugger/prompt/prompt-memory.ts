/**
 * The things that the prompts of one thread keep from one to the next: the expressions that are shown at each stop, and
 * the globals that were made by assignments.
 * Floor 7: below `command-language`; data.
 */
export class PromptMemory {
  /** The names of globals that assignments at a prompt have made. */
  readonly globals = new Set<string>();
  readonly #displayed = new Map<number, string>();
  #next = 1;

  /** The expressions, by their numbers. */
  get displayed(): ReadonlyMap<number, string> {
    return this.#displayed;
  }

  /** @returns its number */
  display(expression: string): number {
    const number = this.#next++;
    this.#displayed.set(number, expression);
    return number;
  }

  /** @returns false when there is none with this number */
  undisplay(number: number): boolean {
    return this.#displayed.delete(number);
  }

  undisplayAll(): void {
    this.#displayed.clear();
  }
}
