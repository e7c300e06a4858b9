import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { UsageError } from '../../core/errors.ts';
import { requireSchedule } from '../../fleet/resolve-schedule.ts';
import { rolloutChoice } from '../../fleet/prepare-scheduled.ts';
import { scheduleRequest } from '../../fleet/schedule-request.ts';
import type { Cli } from '../context.ts';
import { loadFleetConfig } from '../open-fleet.ts';
import { startRun } from '../run/start-run.ts';

type RunScheduleFlags = Readonly<Record<'dryRun' | 'detach' | 'wait' | 'yes', boolean>> & { readonly name: string };

/** Starts what a schedule does as a run of whoever types. */
export async function runSchedule(cli: Cli, command: CommandUnknownOpts, flags: RunScheduleFlags): Promise<void> {
  if (flags.detach && flags.wait) {
    throw new UsageError('USAGE', '--detach and --wait exclude each other', { hint: 'leave out one of them' });
  }
  const schedule = requireSchedule(await loadFleetConfig(cli, command), flags.name);
  const request = { ...scheduleRequest(schedule), dryRun: flags.dryRun };
  const { expiresInMs } = request;
  await startRun(cli, command, {
    request,
    flags: { ...flags, expiresInMs, secondSigner: false, rollout: rolloutChoice(schedule) },
  });
}
