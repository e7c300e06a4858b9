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
 * Who a scheduler is: somebody with a key of its own, or the operator. With that key it signs what it decides on slots.
 * @throws ConfigError KEY_UNUSABLE or TRUST_UNUSABLE.
 */
export async function schedulerSender(
  fleet: FleetConfig,
  who: Pick<Sender, 'by' | 'clock' | 'randomBytes'>,
): Promise<Sender> {
  if (fleet.schedulerKeyFile === null) return await readSender(fleet, who);
  return await readSender({ ...fleet, signingKeyFile: fleet.schedulerKeyFile }, who, 'scheduler');
}

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
  const sender = await schedulerSender(fleet, who);
  if (fleet.schedulerKeyFile === null) return { sender, standing: null };
  const orders = await readStandingOrders(fleet);
  const standing = standingFor(fleet, schedule, { orders, trust: sender.trust.trust, now: who.clock.now() });
  return { sender, standing };
}
