import type { RunId } from '../core/ids.ts';
import type { FleetName } from '../core/names.ts';
import { rolloutActSchema, type RolloutAct } from '../core/rollout.ts';
import type { SignedByKey } from '../core/signed.ts';
import type { SigningKey } from './key.ts';
import { mayHaveSigned, openRecord, sealRecord } from './signed-record.ts';
import type { Grant } from './trust-file.ts';

const ACT = { type: 'application/vnd.celeroot.rollout-act+json;v=1', schema: rolloutActSchema };

export function sealAct(act: RolloutAct, key: SigningKey): SignedByKey {
  return sealRecord(ACT.type, act, key);
}

/** The act, if an operator has signed it for that run; else null. Never throws. */
export async function openAct(
  stored: SignedByKey,
  expect: { readonly fleet: FleetName; readonly run: RunId; readonly grants: readonly Grant[] },
): Promise<RolloutAct | null> {
  const act = await openRecord(stored, ACT, expect.grants);
  if (act === null || act.fleet !== expect.fleet || act.run !== expect.run) return null;
  return mayHaveSigned(expect.grants, { key: stored.key, as: ['operator'], at: act.at }) ? act : null;
}
