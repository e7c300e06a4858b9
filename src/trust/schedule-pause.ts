import type { FleetName, ScheduleName } from '../core/names.ts';
import { parseJsonAs } from '../core/parse-json-as.ts';
import { madePauseSchema, type SchedulePause } from '../core/schedule-pause.ts';
import type { SignedByKey } from '../core/signed.ts';
import type { SigningKey } from './key.ts';
import { mayHaveSigned } from './run-record.ts';
import { signText, textHolds } from './signed-text.ts';
import type { Grant } from './trust-file.ts';

const PAUSE_TYPE = 'application/vnd.celeroot.schedule-pause+json;v=1';

type Place = { readonly fleet: FleetName; readonly schedule: ScheduleName };

/** A pause as it is stored. */
export function sealPause({ fleet, schedule }: Place, pause: SchedulePause, key: SigningKey): SignedByKey {
  return { ...signText(PAUSE_TYPE, JSON.stringify({ fleet, schedule, pause }), key), key: key.id };
}

/** The pause, if an operator has signed it for that schedule; else null. Never throws. */
export async function openPause(
  stored: SignedByKey,
  expect: Place & { readonly grants: readonly Grant[] },
): Promise<SchedulePause | null> {
  if (!(await textHolds(PAUSE_TYPE, stored, stored.key))) return null;
  const { fleet, schedule, pause } = parseJsonAs(madePauseSchema, stored.text) ?? {};
  if (pause === undefined || fleet !== expect.fleet || schedule !== expect.schedule) return null;
  return mayHaveSigned(expect.grants, { key: stored.key, as: 'operator', at: pause.at }) ? pause : null;
}
