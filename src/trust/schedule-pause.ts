import type { FleetName, ScheduleName } from '../core/names.ts';
import { madePauseSchema, type SchedulePause } from '../core/schedule-pause.ts';
import type { SignedByKey } from '../core/signed.ts';
import type { SigningKey } from './key.ts';
import { mayHaveSigned, openRecord, sealRecord } from './signed-record.ts';
import type { Grant } from './trust-file.ts';

const PAUSE = { type: 'application/vnd.celeroot.schedule-pause+json;v=1', schema: madePauseSchema };

type Place = { readonly fleet: FleetName; readonly schedule: ScheduleName };

/** A pause as it is stored. */
export function sealPause({ fleet, schedule }: Place, pause: SchedulePause, key: SigningKey): SignedByKey {
  return sealRecord(PAUSE.type, { fleet, schedule, pause }, key);
}

/** The pause, if an operator has signed it for that schedule; else null. Never throws. */
export async function openPause(
  stored: SignedByKey,
  expect: Place & { readonly grants: readonly Grant[] },
): Promise<SchedulePause | null> {
  const { fleet, schedule, pause } = (await openRecord(stored, PAUSE, expect.grants)) ?? {};
  if (pause === undefined || fleet !== expect.fleet || schedule !== expect.schedule) return null;
  return mayHaveSigned(expect.grants, { key: stored.key, as: ['operator'], at: pause.at }) ? pause : null;
}
