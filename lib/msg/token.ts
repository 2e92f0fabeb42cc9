/**
 * The first bytes of a MessagePack value: which form it has, and how many bytes follow.
 * Floor 1: below `reader` and `gradual-reader`, which must know this before the value has arrived whole.
 */

export const Form = {
  /** A number, a boolean or null. It has no payload. A form that does not exist counts as this: `reader` refuses it. */
  Atom: 0,
  Text: 1,
  Binary: 2,
  Extension: 3,
  Array: 4,
  Map: 5,
} as const;
export type Form = (typeof Form)[keyof typeof Form];

/** The form by the first byte. */
export const formOf: Uint8Array = new Uint8Array(256);
/** How many bytes stand before the payload, the type of an extension included, by the first byte. For an atom: all its bytes. */
export const headBytes: Uint8Array = new Uint8Array(256).fill(1);
/** How many of them are the length: 0 when the first byte has it. */
const lengthSize = new Uint8Array(256);

function define(from: number, to: number, form: Form, size: (token: number) => number, head: number): void {
  for (let token = from; token <= to; token++) {
    formOf[token] = form;
    lengthSize[token] = size(token);
    headBytes[token] = head + size(token);
  }
}
const none = (): number => 0;
/** The three tokens with a length of one, two and four bytes follow one another; of arrays and maps there are only the last two. */
const growing =
  (first: number) =>
  (token: number): number =>
    1 << (token - first);
define(0x80, 0x8f, Form.Map, none, 1);
define(0x90, 0x9f, Form.Array, none, 1);
define(0xa0, 0xbf, Form.Text, none, 1);
define(0xc4, 0xc6, Form.Binary, growing(0xc4), 1);
define(0xc7, 0xc9, Form.Extension, growing(0xc7), 2);
define(0xd4, 0xd8, Form.Extension, none, 2);
define(0xd9, 0xdb, Form.Text, growing(0xd9), 1);
define(0xdc, 0xdd, Form.Array, growing(0xdb), 1);
define(0xde, 0xdf, Form.Map, growing(0xdd), 1);
for (const [token, all] of [
  [0xcb, 9],
  [0xcc, 2],
  [0xcd, 3],
  [0xce, 5],
  [0xd0, 2],
  [0xd1, 3],
  [0xd2, 5],
] as const)
  headBytes[token] = all;

/**
 * Whether a value that begins with this byte is an array or a map. The content of an extension always is. Otherwise extensions could
 * lie directly in one another, without end, and no limit on the depth would count them.
 */
export function isContainer(token: number | undefined): boolean {
  const form = formOf[token ?? 0];
  return form === Form.Array || form === Form.Map;
}

/** The length that the first bytes of a value tell: bytes of a payload, elements of an array, entries of a map. */
export function lengthAt(bytes: Uint8Array, at: number): number {
  const token = bytes[at] as number;
  switch (lengthSize[token]) {
    case 1:
      return bytes[at + 1] as number;
    case 2:
      return ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
    case 4:
      return (
        (bytes[at + 1] as number) * 0x1000000 +
        (((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 8) | (bytes[at + 4] as number))
      );
  }
  if (token < 0xa0) return token & 0x0f;
  return token < 0xc0 ? token & 0x1f : 1 << (token - 0xd4);
}
