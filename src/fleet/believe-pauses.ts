import type { ScheduleName } from '../core/names.ts';
import type { SchedulePause } from '../core/schedule-pause.ts';
import type { SignedByKey } from '../core/signed.ts';
import type { ControllerBroker } from '../queue/broker.ts';
import { openPause } from '../trust/schedule-pause.ts';
import type { Witness } from './witness.ts';

/** Pauses that operators have signed, and the schedules of which what stands as one is none. */
export type BelievedPauses = {
  readonly pauses: ReadonlyMap<string, SchedulePause>;
  readonly forged: readonly ScheduleName[];
};

type Judge = Pick<Witness, 'fleet' | 'grants'>;

export async function readPauses(broker: Pick<ControllerBroker, 'pauses'>, judge: Judge): Promise<BelievedPauses> {
  const stored = await broker.pauses();
  const pauses = new Map<string, SchedulePause>();
  const forged: ScheduleName[] = [];
  for (const [schedule, record] of stored) {
    const pause = await believePause(schedule, record, judge);
    if (pause === null) forged.push(schedule);
    else pauses.set(schedule, pause);
  }
  return { pauses, forged: forged.toSorted() };
}

/** Null when no operator has signed it for that schedule. */
export async function believePause(
  schedule: ScheduleName,
  record: SignedByKey | null,
  { fleet, grants }: Judge,
): Promise<SchedulePause | null> {
  return record === null ? null : await openPause(record, { fleet, schedule, grants });
}
