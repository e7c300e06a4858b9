import type { RunId } from '../core/ids.ts';
import type { FleetName } from '../core/names.ts';
import { runRecordSchema, type Run } from '../core/run.ts';
import type { SignedByKey } from '../core/signed.ts';
import type { SigningKey } from './key.ts';
import { mayHaveSigned, openRecord, sealRecord } from './signed-record.ts';
import { runIdOfStep } from './standing-order.ts';
import type { Grant } from './trust-file.ts';

const RUN = { type: 'application/vnd.celeroot.run+json;v=1', schema: runRecordSchema };

/** The record of a run as it is stored. */
export function sealRun(fleet: FleetName, run: Run, key: SigningKey): SignedByKey {
  return sealRecord(RUN.type, { fleet, run }, key);
}

/**
 * The run, if its record is the one of that fleet and id, and a key signed it that was in force when it says it was
 * made: an operator's or, for a slot of a schedule, from which the id follows, a scheduler's. Else null. Never throws.
 */
export async function openRun(
  record: SignedByKey,
  expect: { readonly fleet: FleetName; readonly id: RunId; readonly grants: readonly Grant[] },
): Promise<Run | null> {
  const { fleet, run } = (await openRecord(record, RUN, expect.grants)) ?? {};
  if (run === undefined || fleet !== expect.fleet || run.id !== expect.id) return null;
  const isIts = run.slot === undefined || run.id === runIdOfStep(fleet, run.slot, run.slot.at);
  const as = run.slot === undefined ? (['operator'] as const) : (['operator', 'scheduler'] as const);
  return isIts && mayHaveSigned(expect.grants, { key: record.key, as, at: run.createdAt }) ? run : null;
}
