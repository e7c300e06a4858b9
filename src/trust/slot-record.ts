import type { FleetName, ScheduleName } from '../core/names.ts';
import type { SignedByKey } from '../core/signed.ts';
import { decidedSlotSchema, type SlotRecord } from '../core/slot-record.ts';
import type { SigningKey } from './key.ts';
import { mayHaveSigned, openRecord, sealRecord } from './signed-record.ts';
import type { Grant } from './trust-file.ts';

const SLOT = { type: 'application/vnd.celeroot.slot+json;v=1', schema: decidedSlotSchema };

type Place = { readonly fleet: FleetName; readonly schedule: ScheduleName };

/** What was decided on a slot, as it is stored. */
export function sealSlot({ fleet, schedule }: Place, record: SlotRecord, key: SigningKey): SignedByKey {
  return sealRecord(SLOT.type, { fleet, schedule, record }, key);
}

/**
 * The decision, if it is the one on that slot, and a key signed it that was in force when it says it was made: a
 * scheduler's, or an operator's, with which a scheduler works that has none of its own. Else null. Never throws.
 */
export async function openSlot(
  stored: SignedByKey,
  expect: Place & { readonly slot: number; readonly grants: readonly Grant[] },
): Promise<SlotRecord | null> {
  const { fleet, schedule, record } = (await openRecord(stored, SLOT, expect.grants)) ?? {};
  if (record === undefined || fleet !== expect.fleet || schedule !== expect.schedule) return null;
  if (record.slot !== expect.slot) return null;
  const signing = { key: stored.key, as: ['scheduler', 'operator'], at: record.decidedAt } as const;
  return mayHaveSigned(expect.grants, signing) ? record : null;
}
