import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { FleetConfig, Schedule } from '../../config/fleet-config.ts';
import { ConfigError } from '../../core/errors.ts';
import type { Sender } from '../../fleet/dispatch-run.ts';
import { prepareScheduled } from '../../fleet/prepare-scheduled.ts';
import { requireGranted } from '../../fleet/require-granted.ts';
import { requireSchedule } from '../../fleet/resolve-schedule.ts';
import {
  readStandingOrders,
  standingFor,
  standingOrdersOf,
  type StandingOrders,
  writeStandingOrders,
} from '../../fleet/standing-orders.ts';
import { DAY_MS } from '../../schedule/wall-clock.ts';
import { signStandingOrder } from '../../trust/standing-order.ts';
import { writeJson } from '../../terminal/json.ts';
import type { Cli } from '../context.ts';
import { shownPath } from '../edit-fleet.ts';
import { sharedFlags } from '../flags.ts';
import { loadFleetConfig } from '../open-fleet.ts';
import { openSender } from '../open-sender.ts';

/** What stands for less than this is signed anew. */
const RENEW_BEFORE_MS = 180 * DAY_MS;

/** Signs the standing orders of schedules, and takes out those of schedules that are gone. */
export async function signSchedules(cli: Cli, command: CommandUnknownOpts, names: readonly string[]): Promise<void> {
  const fleet = await loadFleetConfig(cli, command);
  const sender = await openSender(cli, fleet);
  const known = await readStandingOrders(fleet);
  const meant = names.length === 0 ? [...fleet.schedules.values()] : names.map((name) => requireSchedule(fleet, name));
  const wanted = meant.filter((schedule) => !isGood(fleet, schedule, { known, sender }));
  const signed = wanted.map((schedule) => [schedule.name, signOne(fleet, schedule, sender)] as const);
  const kept = [...known].filter(([name]) => fleet.schedules.has(name));
  const gone = [...known.keys()].filter((name) => !fleet.schedules.has(name));
  if (signed.length + gone.length > 0) await writeStandingOrders(fleet, new Map([...kept, ...signed]));
  const done = signed.map(([name]) => name);
  if (sharedFlags(command).json) return writeJson(cli.stdout, { file: fleet.standingOrdersFile, signed: done, gone });
  const what = done.length === 0 ? 'nothing to sign: all is signed as it is' : `signed ${done.join(', ')}, for a year`;
  cli.stdout.write(`${what}${gone.length === 0 ? '' : `; took out ${gone.join(', ')}`}\n`);
  if (done.length > 0) {
    cli.stdout.write(`The scheduler needs  ${shownPath(cli, fleet.standingOrdersFile)}  beside its celeroot.yaml.\n`);
  }
}

type Around = { readonly known: StandingOrders; readonly sender: Sender };

function isGood(fleet: FleetConfig, schedule: Schedule, { known, sender }: Around): boolean {
  const now = sender.clock.now();
  try {
    const { standing } = standingFor(fleet, schedule, { orders: known, trust: sender.trust.trust, now });
    return standing.notAfter - now > RENEW_BEFORE_MS;
  } catch (error) {
    if (error instanceof ConfigError) return false;
    throw error;
  }
}

/** Refuses what would be refused each time that it fires. */
function signOne(fleet: FleetConfig, schedule: Schedule, sender: Sender): readonly string[] {
  const prepared = prepareScheduled(fleet, schedule);
  requireGranted(fleet, prepared, sender);
  const orders = standingOrdersOf(fleet, schedule, { now: sender.clock.now(), by: sender.by });
  return orders.map((standing) => signStandingOrder(standing, sender.key));
}
