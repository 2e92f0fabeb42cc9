/**
 * The path that leads to a part of a value, as text for errors.
 * Floor 0: used by the errors of values that cannot be sent, or that do not fit a schema.
 */

/** `['args', 0, 'deep', 1]` as `args[0].deep[1]`. The key `pack()` leads into what `pack` of a registered type gave. */
export function formatPath(path: readonly (string | number)[]): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'string' && /^[A-Za-z_$][\w$]*$|^pack\(\)$/.test(part)) text += text === '' ? part : `.${part}`;
    else text += `[${JSON.stringify(part)}]`;
  }
  return text === '' ? 'the value' : text;
}
