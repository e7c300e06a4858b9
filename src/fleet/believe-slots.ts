import type { ScheduleName } from '../core/names.ts';
import type { SlotRecord } from '../core/slot-record.ts';
import type { ControllerBroker } from '../queue/broker.ts';
import type { SlotId, StoredSlot } from '../queue/slot-store.ts';
import { openSlot } from '../trust/slot-record.ts';
import type { Witness } from './witness.ts';

/** Decisions of schedulers that may decide, and how many there were of others. */
export type BelievedSlots = { readonly slots: readonly SlotRecord[]; readonly forged: number };

type Slots = { readonly slots: Pick<ControllerBroker['slots'], 'last' | 'read'> };
type Judge = Pick<Witness, 'fleet' | 'grants'>;

/** The newest decisions on slots of a schedule, newest first. */
export async function readLastSlots(
  broker: Slots,
  judge: Judge,
  { schedule, count }: { readonly schedule: ScheduleName; readonly count: number },
): Promise<BelievedSlots> {
  const stored = await broker.slots.last(schedule, count);
  const opened = await Promise.all(stored.map(async (each) => await believe(each, judge)));
  const slots = opened.filter((record) => record !== null).toSorted((a, b) => b.slot - a.slot);
  return { slots, forged: stored.length - slots.length };
}

/** What was decided on a slot; null for nothing, and `forged` for what nobody has decided who may. */
export async function readSlot(broker: Slots, judge: Judge, id: SlotId): Promise<SlotRecord | 'forged' | null> {
  const stored = await broker.slots.read(id);
  return stored === null ? null : ((await believe(stored, judge)) ?? 'forged');
}

async function believe({ id, record }: StoredSlot, { fleet, grants }: Judge): Promise<SlotRecord | null> {
  return record === null ? null : await openSlot(record, { ...id, fleet, grants });
}
