import type { FleetConfig } from '../config/fleet-config.ts';
import { CelerootError } from '../core/errors.ts';
import type { ScheduleFinding } from './schedule-finding.ts';
import { readStandingOrders, standingFor } from './standing-orders.ts';
import { readTrustFile } from './trust-on-disk.ts';

/** Schedules that a scheduler with a key of its own cannot fire, since no operator has signed them as they are. */
export async function unsignedFindings(fleet: FleetConfig, now: number): Promise<readonly ScheduleFinding[]> {
  if (fleet.schedulerKeyFile === null || fleet.schedules.size === 0) return [];
  const { trust } = await readTrustFile(fleet, now);
  const orders = await readStandingOrders(fleet);
  return [...fleet.schedules.values()].flatMap((schedule): ScheduleFinding[] => {
    try {
      standingFor(fleet, schedule, { orders, trust, now });
      return [];
    } catch (error) {
      if (!(error instanceof CelerootError)) throw error;
      return [{ schedule: schedule.name, level: 'error', code: 'NOT_SIGNED', text: error.message }];
    }
  });
}
