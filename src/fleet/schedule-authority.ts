import type { FleetConfig, Schedule } from '../config/fleet-config.ts';
import type { Sender } from './dispatch-run.ts';
import { readSender } from './read-sender.ts';
import { readStandingOrders, type StandingFor, standingFor } from './standing-orders.ts';

/** With whose word a schedule is fired. */
export type ScheduleAuthority = {
  readonly sender: Sender;
  /** What an operator has signed; null when the sender is an operator. */
  readonly standing: StandingFor | null;
};

/**
 * With `scheduler_key` the scheduler has a key of its own, good for what operators have signed; else it signs as the
 * operator does.
 * @throws ConfigError KEY_UNUSABLE, TRUST_UNUSABLE or NOT_SIGNED.
 */
export async function scheduleAuthority(
  fleet: FleetConfig,
  schedule: Schedule,
  who: Pick<Sender, 'by' | 'clock' | 'randomBytes'>,
): Promise<ScheduleAuthority> {
  if (fleet.schedulerKeyFile === null) return { sender: await readSender(fleet, who), standing: null };
  const sender = await readSender({ ...fleet, signingKeyFile: fleet.schedulerKeyFile }, who, 'scheduler');
  const orders = await readStandingOrders(fleet);
  const standing = standingFor(fleet, schedule, { orders, trust: sender.trust.trust, now: who.clock.now() });
  return { sender, standing };
}
