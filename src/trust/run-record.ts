import type { RunId } from '../core/ids.ts';
import type { FleetName } from '../core/names.ts';
import { parseJsonAs } from '../core/parse-json-as.ts';
import { runRecordSchema, type Run } from '../core/run.ts';
import type { SignedByKey } from '../core/signed.ts';
import type { SigningKey } from './key.ts';
import { signText, textHolds } from './signed-text.ts';
import { runIdOfStep } from './standing-order.ts';
import { kindOf, type Grant, type KeyKind } from './trust-file.ts';

const RUN_TYPE = 'application/vnd.celeroot.run+json;v=1';

/** The record of a run as it is stored. */
export function sealRun(fleet: FleetName, run: Run, key: SigningKey): SignedByKey {
  return { ...signText(RUN_TYPE, JSON.stringify({ fleet, run }), key), key: key.id };
}

/**
 * The run, if its record is the one of that fleet and id, and a key signed it that was in force when it says it was
 * made: an operator's, or a scheduler's for a slot of a schedule, from which the id follows. Else null. Never throws.
 */
export async function openRun(
  record: SignedByKey,
  expect: { readonly fleet: FleetName; readonly id: RunId; readonly grants: readonly Grant[] },
): Promise<Run | null> {
  if (!expect.grants.some((grant) => grant.key === record.key)) return null;
  if (!(await textHolds(RUN_TYPE, record, record.key))) return null;
  const { fleet, run } = parseJsonAs(runRecordSchema, record.text) ?? {};
  if (run === undefined || fleet !== expect.fleet || run.id !== expect.id) return null;
  const isIts = run.slot === undefined || run.id === runIdOfStep(fleet, run.slot, run.slot.at);
  const as = run.slot === undefined ? 'operator' : 'scheduler';
  return isIts && mayHaveSigned(expect.grants, { key: record.key, as, at: run.createdAt }) ? run : null;
}

export type Signing = { readonly key: string; readonly as: KeyKind; readonly at: number };

/** Whether a key counted as one of that kind at a time; one that was revoked since counts for what was before. */
export function mayHaveSigned(grants: readonly Grant[], { key, as, at }: Signing): boolean {
  const grant = grants.find((each) => each.key === key);
  return grant !== undefined && kindOf(grant) === as && (grant.revokedAt === null || at < grant.revokedAt);
}
