import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { loadFleet } from '../../config/load.ts';
import { parseDuration } from '../../core/duration.ts';
import { UsageError } from '../../core/errors.ts';
import { type ForecastSlot, forecast } from '../../fleet/forecast.ts';
import { taskFindings } from '../../fleet/lint-schedules.ts';
import { unsignedFindings } from '../../fleet/lint-signatures.ts';
import { readCalendars } from '../../fleet/read-calendars.ts';
import { requireSchedule, resolveSchedule } from '../../fleet/resolve-schedule.ts';
import { DAY_MS, writeWall } from '../../schedule/wall-clock.ts';
import { wallAt } from '../../schedule/zone.ts';
import { writeJson } from '../../terminal/json.ts';
import { writeTable } from '../../terminal/table.ts';
import type { Cli } from '../context.ts';
import { sharedFlags } from '../flags.ts';
import { loadFleetConfig } from '../open-fleet.ts';
import { askPauses } from './ask-pauses.ts';
import { decisionText, hostsText } from './slot-text.ts';

type NextFlags = {
  /** The configuration; null for that of the command line. */
  readonly file: string | null;
  readonly name: string | null;
  readonly span: string;
  readonly limit: string;
};

/** Lists the slots to come, as they are foreseen now. */
export async function listNext(cli: Cli, command: CommandUnknownOpts, flags: NextFlags): Promise<void> {
  const [spanMs, limit] = [readSpan(flags.span), readLimit(flags.limit)];
  const fleet = flags.file === null ? await loadFleetConfig(cli, command) : loadFleet(flags.file, cli.env);
  const calendars = await readCalendars(fleet);
  const meant = flags.name === null ? [...fleet.schedules.values()] : [requireSchedule(fleet, flags.name)];
  const schedules = meant.map((schedule) => resolveSchedule(fleet, schedule, calendars));
  const { answer, error } = await askPauses(cli, fleet);
  const start = cli.clock.now();
  const found = forecast({ schedules, pauses: answer?.pauses ?? new Map(), within: { start, end: start + spanMs } })
    .take(limit + 1)
    .toArray();
  const faults = new Map(
    [...(await unsignedFindings(fleet, start)), ...schedules.flatMap((each) => taskFindings(fleet, each))]
      .filter(({ level }) => level === 'error')
      .map(({ schedule, text }) => [schedule, text]),
  );
  const slots = found
    .slice(0, limit)
    .map((slot): ListedSlot => ({ ...slot, fault: faults.get(slot.resolved.schedule.name) ?? null }));
  const hasMore = found.length > limit;
  if (sharedFlags(command).json) {
    return writeJson(cli.stdout, {
      slots: slots.map(slotRecord),
      hasMore,
      forged: answer?.forged.length ?? 0,
      brokerError: error,
    });
  }
  if (slots.length === 0) cli.stdout.write(`no slot within ${flags.span}\n`);
  else
    writeTable(cli.stdout, { head: ['LOCAL', 'ZONE', 'UTC', 'SCHEDULE', 'HOSTS', 'NOTE'], rows: slots.map(slotRow) });
  if (hasMore) cli.stdout.write(`and more; list them with  --limit\n`);
}

/** With why its schedule cannot run; null when it can. */
type ListedSlot = ForecastSlot & { readonly fault: string | null };

function slotRow({ resolved, slot, decision, fault }: ListedSlot): readonly string[] {
  const { name, zone, rollout } = resolved.schedule;
  const foreseen = fault === null ? decisionText(decision) : `cannot run: ${fault}`;
  const note = [rollout === null ? '' : `roll-out ${rollout}`, foreseen].filter((text) => text !== '');
  const hosts = fault === null ? hostsText(decision) : '0';
  return [writeWall(wallAt(zone, slot)), zone.name, writeWall(slot), name, hosts, note.join('; ')];
}

function slotRecord({ resolved, slot, decision, fault }: ListedSlot): unknown {
  const { name, zone, task, rollout } = resolved.schedule;
  return {
    schedule: name,
    task,
    slot,
    utc: new Date(slot).toISOString(),
    local: writeWall(wallAt(zone, slot)),
    timezone: zone.name,
    rollout,
    fault,
    ...decision,
  };
}

function readSpan(text: string): number {
  const ms = parseDuration(text);
  if (ms !== null && ms > 0 && ms <= 366 * DAY_MS) return ms;
  throw new UsageError('USAGE', `--for: expected 1s to 366d, got ${JSON.stringify(text)}`, {
    hint: 'for example  --for 30d',
  });
}

function readLimit(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new UsageError('USAGE', `--limit: expected a whole number of 1 or more, got ${JSON.stringify(text)}`);
}
