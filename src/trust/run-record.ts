import type { RunId } from '../core/ids.ts';
import type { FleetName } from '../core/names.ts';
import { parseJsonAs } from '../core/parse-json-as.ts';
import { runRecordSchema, type Run } from '../core/run.ts';
import type { SignedByKey } from '../core/signed.ts';
import type { SigningKey } from './key.ts';
import { signText, textHolds } from './signed-text.ts';
import type { Grant } from './trust-file.ts';

const RUN_TYPE = 'application/vnd.celeroot.run+json;v=1';

/** The record of a run as it is stored. */
export function sealRun(fleet: FleetName, run: Run, key: SigningKey): SignedByKey {
  return { ...signText(RUN_TYPE, JSON.stringify({ fleet, run }), key), key: key.id };
}

/**
 * The run, if its record is the one of that fleet and id, and a key signed it that was in force when it says it was
 * made; else null. Never throws.
 */
export async function openRun(
  record: SignedByKey,
  expect: { readonly fleet: FleetName; readonly id: RunId; readonly grants: readonly Grant[] },
): Promise<Run | null> {
  if (!expect.grants.some((grant) => grant.key === record.key)) return null;
  if (!(await textHolds(RUN_TYPE, record, record.key))) return null;
  const { fleet, run } = parseJsonAs(runRecordSchema, record.text) ?? {};
  if (run === undefined || fleet !== expect.fleet || run.id !== expect.id) return null;
  return mayHaveSigned(expect.grants, record.key, run.createdAt) ? run : null;
}

/** Whether an operator's key counted at a time, by what it signed; one that was revoked since counts for what was before. */
export function mayHaveSigned(grants: readonly Grant[], key: string, at: number): boolean {
  const grant = grants.find((each) => each.key === key);
  return grant !== undefined && (grant.revokedAt === null || at < grant.revokedAt);
}
