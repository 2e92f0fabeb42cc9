// The types of registerType: the value that crosses is inferred from pack, and unpack takes it.
import {type MsgStream, registerType} from '../../lib/index.js';

class Money {
  readonly #cents: bigint;
  constructor(cents: bigint) {
    this.#cents = cents;
  }
  get cents(): bigint {
    return this.#cents;
  }
}
abstract class Shape {
  abstract readonly area: number;
}

export function registers(): void {
  registerType(Money, {pack: ({cents}) => ({cents}), unpack: ({cents}) => new Money(cents)});
  registerType(Money, {name: 'shop/Money', pack: money => money.cents, unpack: cents => new Money(cents)});
  registerType(Shape, {
    pack: ({area}) => area,
    unpack: area =>
      new (class extends Shape {
        readonly area = area;
      })(),
  });
  registerType<Money, [bigint]>(Money, {pack: ({cents}) => [cents], unpack: ([cents]) => new Money(cents)});
  // @ts-expect-error: unpack gives an instance
  registerType(Money, {pack: ({cents}) => cents, unpack: cents => cents});
  // @ts-expect-error: pack gets an instance
  registerType(Money, {pack: ({euros}) => euros, unpack: () => new Money(0n)});
  // @ts-expect-error: both are needed
  registerType(Money, {pack: ({cents}) => cents});
}

export async function gives(wire: MsgStream<string, Buffer>): Promise<void> {
  await wire.send(Buffer.alloc(1), {transfer: true});
  await wire.send(Buffer.alloc(1), {});
  // @ts-expect-error: true or false
  await wire.send(Buffer.alloc(1), {transfer: 'yes'});
}
