import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { formatDuration } from '../../core/duration.ts';
import { describeTarget } from '../../core/host-selector.ts';
import { forecast } from '../../fleet/forecast.ts';
import { readCalendars } from '../../fleet/read-calendars.ts';
import { type ResolvedSchedule, requireSchedule, resolveSchedule } from '../../fleet/resolve-schedule.ts';
import type { Rollout } from '../../core/rollout.ts';
import type { ScheduleName } from '../../core/names.ts';
import type { SlotRecord } from '../../core/slot-record.ts';
import { type BelievedPauses, readPauses } from '../../fleet/believe-pauses.ts';
import { readLastSlots } from '../../fleet/believe-slots.ts';
import { scheduledBatches } from '../../fleet/scheduled-turns.ts';
import { someHosts } from '../../fleet/schedule-finding.ts';
import { witnessOf, type Witness } from '../../fleet/witness.ts';
import type { ControllerBroker } from '../../queue/broker.ts';
import { DAY_MS } from '../../schedule/wall-clock.ts';
import { writeWarning } from '../../terminal/error.ts';
import { writeJson } from '../../terminal/json.ts';
import { writeProperties } from '../../terminal/properties.ts';
import type { Cli } from '../context.ts';
import { sharedFlags } from '../flags.ts';
import { askBroker } from '../hosts/ask-broker.ts';
import { loadFleetConfig } from '../open-fleet.ts';
import { warnOfForgedPauses } from './ask-pauses.ts';
import { scheduleRecord } from './list-schedules.ts';
import { decisionText, pauseText, recordText, slotTime, timingText } from './slot-text.ts';

const SHOWN_SLOTS = 5;

/** Shows one schedule with its rules, defaults filled in, and its next slots. */
export async function showSchedule(cli: Cli, command: CommandUnknownOpts, name: string): Promise<void> {
  const fleet = await loadFleetConfig(cli, command);
  const resolved = resolveSchedule(fleet, requireSchedule(fleet, name), await readCalendars(fleet));
  const { schedule } = resolved;
  const { answer, error } = await askBroker(cli, fleet, async (broker) =>
    broker === null ? null : await askSchedulers(broker, schedule.name, await witnessOf(fleet, cli.clock.now())),
  );
  const { pauses, last, forged } = answer ?? NOT_KNOWN;
  warnOfForgedPauses(cli, forged.pauses);
  warnOfForgedSlots(cli, forged.slots);
  const pause = pauses.get(schedule.name) ?? null;
  const now = cli.clock.now();
  if (sharedFlags(command).json) {
    return writeJson(cli.stdout, {
      schedule: scheduleRecord(resolved, pause, now),
      last,
      forged: forged.slots + forged.pauses.length,
      brokerError: error,
    });
  }
  const slots = forecast({ schedules: [resolved], pauses, within: { start: now, end: now + 366 * DAY_MS } });
  const paused = error === null ? pauseText(pause, schedule.zone, now) : '?';
  writeProperties(cli.stdout, [
    ...rulesOf(resolved, scheduledBatches(fleet, schedule)?.rollout ?? null),
    ...(paused === '' ? [] : [['paused', paused] as const]),
    ...last.toReversed().map((record, index) => {
      const text = `${slotTime(schedule.zone, record.slot)}  ${recordText(record)}`;
      return [index === 0 ? 'last' : '', text] as const;
    }),
    ...slots.take(SHOWN_SLOTS).map(({ slot, decision }, index) => {
      const note = decisionText(decision);
      const text = slotTime(schedule.zone, slot);
      return [index === 0 ? 'next' : '', note === '' ? text : `${text}  ${note}`] as const;
    }),
  ]);
}

type Told = {
  readonly pauses: BelievedPauses['pauses'];
  /** Newest first. */
  readonly last: readonly SlotRecord[];
  readonly forged: { readonly pauses: readonly ScheduleName[]; readonly slots: number };
};

const NOT_KNOWN: Told = { pauses: new Map(), last: [], forged: { pauses: [], slots: 0 } };

/** What operators and schedulers have signed about a schedule. */
async function askSchedulers(broker: ControllerBroker, schedule: ScheduleName, witness: Witness): Promise<Told> {
  const [{ pauses, forged }, { slots: last, forged: slots }] = await Promise.all([
    readPauses(broker, witness),
    readLastSlots(broker, witness, { schedule, count: SHOWN_SLOTS }),
  ]);
  return { pauses, last, forged: { pauses: forged.filter((name) => name === schedule), slots } };
}

function warnOfForgedSlots(cli: Cli, forged: number): void {
  if (forged === 0) return;
  const what = forged === 1 ? '1 record of a slot is' : `${forged} records of slots are`;
  writeWarning(cli.stderr, `${what} not signed by anybody you trust, and left out`);
}

function rulesOf(
  { schedule, rules, hosts }: ResolvedSchedule,
  rollout: Rollout | null,
): readonly (readonly [string, string])[] {
  const { name, description, task, args, target, section } = schedule;
  const { missing_hour: missing, repeated_hour: repeated } = section;
  return [
    ['schedule', name],
    ...(description === null || description === '' ? [] : [['description', description] as const]),
    ['task', Object.keys(args).length === 0 ? task : `${task} ${JSON.stringify(args)}`],
    ['target', describeTarget(target)],
    ['hosts', hosts.length === 0 ? 'none' : `${hosts.length}: ${someHosts(hosts)}`],
    ['when', `${timingText(schedule)} (${schedule.zone.name})`],
    ...(missing === undefined ? [] : [['missing hour', missing] as const]),
    ...(repeated === undefined ? [] : [['repeated hour', repeated] as const]),
    ...(schedule.rollout === null
      ? [['splay', section.splay] as const]
      : [['roll-out', rolloutText(schedule.rollout, rollout)] as const]),
    ['start within', section.start_within],
    ['deadline', formatDuration(schedule.deadlineMs)],
    ['misfire', rules.misfire],
    ['overlap', rules.overlap],
    ...(schedule.ignoredCalendars.length === 0 ? [] : [['ignores', schedule.ignoredCalendars.join(', ')] as const]),
  ];
}

/** `careful: 3 batches of 1, 4, 4 hosts, 5m after each`. */
function rolloutText(name: string, rollout: Rollout | null): string {
  if (rollout === null) return name;
  const sizes = rollout.batches.map((batch) => String(batch.size));
  const shown = `${sizes.slice(0, SHOWN_BATCHES).join(', ')}${sizes.length > SHOWN_BATCHES ? ', …' : ''}`;
  const soak = rollout.soakMs === 0 ? '' : `, ${formatDuration(rollout.soakMs)} after each`;
  return `${name}: ${sizes.length === 1 ? '1 batch' : `${sizes.length} batches`} of ${shown} hosts${soak}`;
}

const SHOWN_BATCHES = 8;
