import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { readCalendars } from '../../fleet/read-calendars.ts';
import { type ResolvedSchedule, resolveSchedule } from '../../fleet/resolve-schedule.ts';
import { nextSlot } from '../../schedule/slots.ts';
import type { SchedulePause } from '../../core/schedule-pause.ts';
import { writeJson } from '../../terminal/json.ts';
import { writeTable } from '../../terminal/table.ts';
import type { Cli } from '../context.ts';
import { sharedFlags } from '../flags.ts';
import { loadFleetConfig } from '../open-fleet.ts';
import { askPauses } from './ask-pauses.ts';
import { pauseText, slotTime, timingText } from './slot-text.ts';

/** Lists schedules. They are in the configuration, so the list comes also when Redis is away, with a warning. */
export async function listSchedules(cli: Cli, command: CommandUnknownOpts): Promise<void> {
  const fleet = await loadFleetConfig(cli, command);
  const calendars = await readCalendars(fleet);
  const schedules = [...fleet.schedules.values()].map((schedule) => resolveSchedule(fleet, schedule, calendars));
  const { json } = sharedFlags(command);
  if (schedules.length === 0 && !json) {
    cli.stdout.write(`no schedules; what one looks like is shown by:  celeroot config explain schedules\n`);
    return;
  }
  const { answer, error } = await askPauses(cli, fleet);
  const pauses = answer?.pauses ?? null;
  const now = cli.clock.now();
  if (json) {
    const records = schedules.map((each) => scheduleRecord(each, pauses?.get(each.schedule.name) ?? null, now));
    return writeJson(cli.stdout, { schedules: records, forged: answer?.forged.length ?? 0, brokerError: error });
  }
  const rows = schedules.map(({ schedule, hosts }) => [
    schedule.name,
    schedule.task,
    timingText(schedule),
    String(hosts.length),
    nextText(schedule, now),
    pauses === null ? '?' : pauseText(pauses.get(schedule.name) ?? null, schedule.zone, now),
  ]);
  writeTable(cli.stdout, { head: ['SCHEDULE', 'TASK', 'WHEN', 'HOSTS', 'NEXT', 'PAUSED'], rows });
}

/** A schedule as `--json` shows it. */
export function scheduleRecord(
  { schedule, rules, hosts }: ResolvedSchedule,
  paused: SchedulePause | null,
  now: number,
): unknown {
  const { name, description, section } = schedule;
  return {
    name,
    description,
    ...section,
    misfire: rules.misfire,
    on: hosts,
    next: nextSlot(schedule.timing, now),
    paused,
  };
}

function nextText({ timing, zone }: ResolvedSchedule['schedule'], now: number): string {
  const next = nextSlot(timing, now);
  return next === null ? 'never' : slotTime(zone, next);
}
