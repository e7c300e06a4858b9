import { cosignEnvelope, sealEnvelope } from './dsse.ts';
import type { SigningKey } from './key.ts';
import { CANCEL_TYPE, ORDER_TYPE, type Cancel, type Order } from './order.ts';

/** The envelope a host accepts as this order. */
export function signOrder(order: Order, ...keys: readonly SigningKey[]): string {
  return sealEnvelope(ORDER_TYPE, JSON.stringify(order), ...keys);
}

/** The envelope of an order with a second operator's signature. */
export function cosignOrder(envelope: string, key: SigningKey): string {
  return cosignEnvelope(envelope, ORDER_TYPE, key);
}

/** The mark that, stored beside a run, makes hosts stop its jobs. */
export function signCancel(cancel: Cancel, key: SigningKey): string {
  return sealEnvelope(CANCEL_TYPE, JSON.stringify(cancel), key);
}
