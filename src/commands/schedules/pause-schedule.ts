import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { parseDuration } from '../../core/duration.ts';
import { UsageError } from '../../core/errors.ts';
import { journalOf } from '../../fleet/journal.ts';
import { requireSchedule } from '../../fleet/resolve-schedule.ts';
import { readTime } from '../../schedule/wall-clock.ts';
import { momentsAt, type Zone } from '../../schedule/zone.ts';
import { sealPause } from '../../trust/schedule-pause.ts';
import { writeJson } from '../../terminal/json.ts';
import type { Cli } from '../context.ts';
import { celerootFor } from '../edit-fleet.ts';
import { sharedFlags } from '../flags.ts';
import { loadFleetConfig, openBroker } from '../open-fleet.ts';
import { openSender } from '../open-sender.ts';
import { slotTime } from './slot-text.ts';

type PauseFlags = { readonly name: string; readonly until: string | null };

/** Pauses a schedule, or changes how long it is paused; signed, since schedulers heed nobody but operators. */
export async function pauseSchedule(cli: Cli, command: CommandUnknownOpts, flags: PauseFlags): Promise<void> {
  const fleet = await loadFleetConfig(cli, command);
  const { name, zone } = requireSchedule(fleet, flags.name);
  const now = cli.clock.now();
  const until = flags.until === null ? null : readUntil(flags.until, zone, now);
  const { key, journal, by } = await openSender(cli, fleet);
  await using broker = await openBroker(cli, fleet);
  const { at } = await journal.add(() => ({ kind: 'schedule-paused', schedule: name, until, key: key.id, by }));
  const pause = { until, by, at };
  await broker.savePause(name, sealPause({ fleet: fleet.fleet, schedule: name }, pause, key));
  if (sharedFlags(command).json) return writeJson(cli.stdout, { schedule: name, paused: pause });
  const end = until === null ? `; it goes on with:  ${celerootFor(command)} schedules resume ${name}` : '';
  cli.stdout.write(`paused ${name}${until === null ? '' : ` until ${slotTime(zone, until)}`}${end}\n`);
}

/** Ends a pause; that of a schedule that is not paused is no error. */
export async function resumeSchedule(cli: Cli, command: CommandUnknownOpts, text: string): Promise<void> {
  const fleet = await loadFleetConfig(cli, command);
  const { name } = requireSchedule(fleet, text);
  await using broker = await openBroker(cli, fleet);
  const isPaused = (await broker.pauses()).has(name);
  if (isPaused) {
    await journalOf(fleet, cli.clock).add(() => ({ kind: 'schedule-resumed', schedule: name, by: cli.by }));
  }
  const wasPaused = isPaused && (await broker.dropPause(name));
  if (sharedFlags(command).json) return writeJson(cli.stdout, { schedule: name, wasPaused });
  cli.stdout.write(wasPaused ? `resumed ${name}\n` : `${name} was not paused\n`);
}

function readUntil(text: string, zone: Zone, now: number): number {
  const until = momentOf(text, zone, now);
  if (until !== null && until > now) return until;
  const what = until === null ? 'expected a time or a duration' : 'expected a time to come';
  throw new UsageError('USAGE', `--until: ${what}, got ${JSON.stringify(text)}`, {
    hint: 'for example  --until 2026-12-24T18:00  or  --until 3d',
  });
}

/** Of a time that the clock shows twice, the second. */
function momentOf(text: string, zone: Zone, now: number): number | null {
  const duration = parseDuration(text);
  if (duration !== null) return now + duration;
  const written = readTime(text);
  if (written === null) return null;
  if (written.offsetMs !== null) return written.wall - written.offsetMs;
  return momentsAt(zone, written.wall, { missing: 'after', repeated: 'both' }).at(-1) ?? null;
}
