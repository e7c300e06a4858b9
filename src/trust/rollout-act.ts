import type { RunId } from '../core/ids.ts';
import type { FleetName } from '../core/names.ts';
import { parseJsonAs } from '../core/parse-json-as.ts';
import { rolloutActSchema, type RolloutAct } from '../core/rollout.ts';
import type { SignedByKey } from '../core/signed.ts';
import type { SigningKey } from './key.ts';
import { mayHaveSigned } from './run-record.ts';
import { signText, textHolds } from './signed-text.ts';
import type { Grant } from './trust-file.ts';

const ACT_TYPE = 'application/vnd.celeroot.rollout-act+json;v=1';

export function sealAct(act: RolloutAct, key: SigningKey): SignedByKey {
  return { ...signText(ACT_TYPE, JSON.stringify(act), key), key: key.id };
}

/** The act, if an operator has signed it for that run; else null. Never throws. */
export async function openAct(
  stored: SignedByKey,
  expect: { readonly fleet: FleetName; readonly run: RunId; readonly grants: readonly Grant[] },
): Promise<RolloutAct | null> {
  if (!(await textHolds(ACT_TYPE, stored, stored.key))) return null;
  const act = parseJsonAs(rolloutActSchema, stored.text);
  if (act === null || act.fleet !== expect.fleet || act.run !== expect.run) return null;
  return mayHaveSigned(expect.grants, { key: stored.key, as: 'operator', at: act.at }) ? act : null;
}
