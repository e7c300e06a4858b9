import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { requireSchedule } from '../../fleet/resolve-schedule.ts';
import { signSchedules } from '../../fleet/sign-schedules.ts';
import { writeJson } from '../../terminal/json.ts';
import type { Cli } from '../context.ts';
import { shownPath } from '../edit-fleet.ts';
import { sharedFlags } from '../flags.ts';
import { loadFleetConfig } from '../open-fleet.ts';
import { openSender } from '../open-sender.ts';

/** Signs the standing orders of these schedules, or of all, and says which. */
export async function signNamed(cli: Cli, command: CommandUnknownOpts, names: readonly string[]): Promise<void> {
  const fleet = await loadFleetConfig(cli, command);
  const meant = names.length === 0 ? [...fleet.schedules.values()] : names.map((name) => requireSchedule(fleet, name));
  const { signed, gone } = await signSchedules(fleet, meant, await openSender(cli, fleet));
  if (sharedFlags(command).json) return writeJson(cli.stdout, { file: fleet.standingOrdersFile, signed, gone });
  const what =
    signed.length === 0 ? 'nothing to sign: all is signed as it is' : `signed ${signed.join(', ')}, for a year`;
  cli.stdout.write(`${what}${gone.length === 0 ? '' : `; took out ${gone.join(', ')}`}\n`);
  if (signed.length > 0) {
    cli.stdout.write(`The scheduler needs  ${shownPath(cli, fleet.standingOrdersFile)}  beside its celeroot.yaml.\n`);
  }
}
