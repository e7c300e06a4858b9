import { digestOf } from '../audit/chain.ts';
import { lockConfig } from '../config/config-lock.ts';
import type { FleetConfig, Schedule } from '../config/fleet-config.ts';
import { ConfigError } from '../core/errors.ts';
import type { ScheduleName } from '../core/names.ts';
import { DAY_MS } from '../schedule/wall-clock.ts';
import { signStandingOrder } from '../trust/standing-order.ts';
import type { Sender } from './dispatch-run.ts';
import { prepareScheduled } from './prepare-scheduled.ts';
import { requireGranted } from './require-granted.ts';
import {
  readStandingOrders,
  standingFor,
  standingOrdersOf,
  type StandingOrders,
  writeStandingOrders,
} from './standing-orders.ts';

/** What stands for less than this is signed anew. */
const RENEW_BEFORE_MS = 180 * DAY_MS;

/** The schedules that were signed, and those that have left the file and whose standing orders were taken out. */
export type SignedSchedules = { readonly signed: readonly ScheduleName[]; readonly gone: readonly ScheduleName[] };

/**
 * Signs the standing orders of these schedules that are not good as they are, and takes out those of schedules that are
 * gone; alone among all celeroots.
 * @throws ConfigError JOURNAL_UNUSABLE or NOT_SIGNED, and what would be thrown each time that one of them fires; then
 * nothing is signed.
 */
export async function signSchedules(
  fleet: FleetConfig,
  schedules: readonly Schedule[],
  sender: Sender,
): Promise<SignedSchedules> {
  await using _lock = await lockConfig(fleet.standingOrdersFile);
  const known = await readStandingOrders(fleet);
  const wanted = schedules.filter((schedule) => !isGood(fleet, schedule, { known, sender }));
  const signed = wanted.map((schedule) => signOne(fleet, schedule, sender));
  const kept = [...known].filter(([name]) => fleet.schedules.has(name));
  const gone = [...known.keys()].filter((name) => !fleet.schedules.has(name));
  if (signed.length + gone.length > 0) {
    await writeDown({ signed, gone }, sender);
    await writeStandingOrders(fleet, new Map([...kept, ...signed.map(({ name, orders }) => [name, orders] as const)]));
  }
  return { signed: signed.map(({ name }) => name), gone };
}

type Known = { readonly known: StandingOrders; readonly sender: Sender };

function isGood(fleet: FleetConfig, schedule: Schedule, { known, sender }: Known): boolean {
  const now = sender.clock.now();
  try {
    const { standing } = standingFor(fleet, schedule, { orders: known, trust: sender.trust.trust, now });
    return standing.notAfter - now > RENEW_BEFORE_MS;
  } catch (error) {
    if (error instanceof ConfigError) return false;
    throw error;
  }
}

type SignedSchedule = {
  readonly name: ScheduleName;
  readonly task: string;
  readonly notAfter: number;
  readonly orders: readonly string[];
};

/** Refuses what would be refused each time that it fires. */
function signOne(fleet: FleetConfig, schedule: Schedule, sender: Sender): SignedSchedule {
  const prepared = prepareScheduled(fleet, schedule);
  requireGranted(fleet, prepared, sender);
  const wanted = standingOrdersOf(fleet, schedule, { now: sender.clock.now(), by: sender.by });
  const [{ task, notAfter }] = wanted;
  return { name: schedule.name, task, notAfter, orders: wanted.map((order) => signStandingOrder(order, sender.key)) };
}

type Signing = { readonly signed: readonly SignedSchedule[]; readonly gone: readonly ScheduleName[] };

async function writeDown({ signed, gone }: Signing, { journal, key, by }: Sender): Promise<void> {
  for (const { name: schedule, task, notAfter, orders } of signed) {
    const digest = digestOf(orders.join('\n'));
    await journal.add(() => ({ kind: 'schedule-signed', schedule, task, notAfter, orders: digest, key: key.id, by }));
  }
  for (const schedule of gone) await journal.add(() => ({ kind: 'schedule-unsigned', schedule, by }));
}
