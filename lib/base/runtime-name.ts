/**
 * The names of functions that belong to the runtime itself: nobody traces them, and they carry nothing of a user.
 * Floor 0: `actor/marks` gives these names, and every floor that tells of calls asks for them.
 */

/** Takes the place of a module's URL for functions of the runtime, which nobody imports. */
export const runtimeModule = 'rxtractor:';

/** Whether a function with this name belongs to the runtime, and not to a user. */
export function isRuntimeName(name: string): boolean {
  return name.startsWith(runtimeModule);
}
