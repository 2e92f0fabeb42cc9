/**
 * The values that all subjects send, so that all do the same work; and what they add up to.
 * Beneath everything here, the peers too; imports nothing.
 */

export interface Item {
  readonly id: number;
  readonly name: string;
}

export interface RecordOf1KiB extends Item {
  readonly text: string;
  readonly marks: readonly number[];
}

const text = 'a record has some text '.repeat(40).slice(0, 900);
const fill = 7;

export function* numbers(count: number): Generator<number> {
  for (let id = 0; id < count; id++) yield id;
}

export function* items(count: number): Generator<Item> {
  for (let id = 0; id < count; id++) yield {id, name: 'item'};
}

/** About 1 KiB each, encoded. */
export function* records(count: number): Generator<RecordOf1KiB> {
  for (let id = 0; id < count; id++) yield {id, name: 'record', text, marks: [id, id + 1, id + 2]};
}

export function* buffers(count: number, bytes: number): Generator<Uint8Array> {
  const buffer = new Uint8Array(bytes).fill(fill);
  for (let i = 0; i < count; i++) yield buffer;
}

/** How much a buffer adds to the sum: its length, and what it begins and ends with. */
export function weigh(buffer: Uint8Array): number {
  return buffer.byteLength + (buffer[0] ?? 0) + (buffer.at(-1) ?? 0);
}

export function weightOf(count: number, bytes: number): number {
  return count * (bytes + 2 * fill);
}
