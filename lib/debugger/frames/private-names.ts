/**
 * `object.#name` in a text that somebody types at a prompt, where the frame does not stand in the class of the object: the language
 * takes this for a fault. It is made to work for fields and accessors.
 * Floor 7: below `captured-debuggee`, above `private-fields`. It runs in the thread whose program is looked at.
 */
import {isError, messageOf} from '../../base/foreign.js';
import {type PrivateField, privateFieldsOf} from './private-fields.js';

/** A string, which stays as it is, or a private name behind a dot. */
const stringOrName = /'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|`(?:\\.|[^`\\])*`|(\?)?\.\s*(#[\p{L}_$][\p{L}\p{N}_$]*)/gu;

const symbolOf = (name: string): symbol => Symbol.for(`rxtractor/debugger/private/${name}`);

/**
 * The text with each `.#name` as a property that every object has until `takeBack` is called. Undefined where the text has no
 * private name.
 */
export function lendPrivateNames(text: string): {readonly text: string; takeBack(): void} | undefined {
  const names = new Set<string>();
  const replaced = text.replace(
    stringOrName,
    (found: string, optional: string | undefined, name: string | undefined) => {
      if (name === undefined) return found;
      names.add(name);
      return `${optional ? '?.' : ''}[Symbol.for('${String(symbolOf(name).description)}')]`;
    },
  );
  if (names.size === 0) return undefined;
  for (const name of names)
    Object.defineProperty(Object.prototype, symbolOf(name), {
      get() {
        return read(this, name);
      },
      set(value: unknown) {
        write(this, name, value);
      },
      configurable: true,
      enumerable: false,
    });
  return {
    text: replaced,
    takeBack() {
      for (const name of names) Reflect.deleteProperty(Object.prototype, symbolOf(name));
    },
  };
}

/** Whether the language has refused a text because of a private name. It does so before anything of the text runs. */
export function refusesPrivateName(error: unknown): boolean {
  return isError(error) && (messageOf(error)?.startsWith("Private field '#") ?? false);
}

function read(object: unknown, name: string): unknown {
  const field = fieldOf(object, name);
  return 'value' in field ? field.value : field.get?.call(object);
}

function write(object: unknown, name: string, value: unknown): void {
  const {set} = fieldOf(object, name);
  if (!set)
    throw new TypeError(`${name} can be assigned to only where the frame stands in its class: u and d select frames`);
  set.call(object, value);
}

function fieldOf(object: unknown, name: string): PrivateField {
  const [field, other] = privateFieldsOf(object).filter(one => one.name === name);
  if (!field)
    throw new TypeError(
      `the value has no private field ${name} (a private method is seen in frames of its class alone)`,
    );
  if (other) throw new TypeError(`two classes of the value have a field ${name}: ask in a frame of the class`);
  return field;
}
