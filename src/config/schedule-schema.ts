import * as z from 'zod';
import { parseDuration } from '../core/duration.ts';
import { jsonObjectSchema } from '../core/json.ts';
import { oneLine, path } from './schema-values.ts';

/** Text of a duration within bounds, themselves as text. */
function duration(low: string, high: string): z.ZodString {
  const [least, most] = [parseDuration(low) ?? 0, parseDuration(high) ?? 0];
  return z.string().refine(
    (text) => {
      const ms = parseDuration(text);
      return ms !== null && ms >= least && ms <= most;
    },
    { error: `expected a duration from ${low} to ${high}, such as 20m or 1h30m` },
  );
}

/** `Europe/Amsterdam`; that it is there is checked where it is opened. */
const timezone = z.string().default('UTC');

const hostPattern = z.string().regex(/^[a-z0-9*?.-]{1,63}$/, { error: 'expected the name of a host, * and ? allowed' });

export const calendarSchema = z
  .strictObject({
    description: oneLine.optional().describe('One line for people.'),
    kind: z
      .enum(['freeze', 'maintenance'])
      .describe(
        '`freeze`: no schedule begins to change its hosts in these times. `maintenance`: schedules change its hosts in these times only.',
      ),
    timezone: timezone.describe('Zone of the times, such as `Europe/Amsterdam`.'),
    times: z
      .array(
        z.strictObject({
          cron: z.string().optional(),
          for: duration('1m', '31d').optional(),
          from: z.string().optional(),
          until: z.string().optional(),
        }),
      )
      .default([])
      .describe(
        'Each either `{ cron: "0 22 * * fri", for: 8h }`, or once `{ from: 2026-12-18, until: 2027-01-03 }`, with times as in `2026-12-18T18:00`; a day alone in `until` belongs to it.',
      ),
    files: z.array(path).default([]).describe('iCalendar files (`.ics`) with more times; relative to this file.'),
    roles: z.array(z.string()).default([]).describe('The hosts it is for, by role. Without `roles` and `hosts`: all.'),
    hosts: z.array(hostPattern).default([]).describe('Further hosts it is for, by name, `*` and `?` allowed.'),
  })
  .describe('Times in which schedules may change hosts, or may not.');
export type CalendarSection = z.output<typeof calendarSchema>;

const targetSchema = z
  .strictObject({
    roles: z.array(z.string()).default([]).describe('All hosts of these roles.'),
    hosts: z.array(hostPattern).default([]).describe('Hosts by name, `*` and `?` allowed.'),
    all: z.boolean().default(false).describe('All hosts of the fleet.'),
    exclude: z.array(z.string()).default([]).describe('Not these: names, `*` and `?` allowed, or `@role`.'),
  })
  .describe('The hosts it is for, as they are when it fires.');

export const scheduleSchema = z
  .strictObject({
    description: oneLine.optional().describe('One line for people.'),
    task: z
      .string()
      .regex(/^[a-z][a-z0-9-]*\.[a-z][a-z0-9-]*$/, { error: 'expected a task such as apt.upgrade' })
      .describe('What is done: `celeroot tasks ls`.'),
    args: jsonObjectSchema.default({}).describe('Its arguments: `celeroot tasks show TASK` names them.'),
    target: targetSchema,
    cron: z
      .string()
      .optional()
      .describe(
        'Minute, hour, day of month, month, day of week, such as `0 3 * * mon-fri`. Also `L` for the last day, `fri#2` and `friL` for the second and last Friday, `H` for a value chosen by the schedule’s name. This, `every` or `at`.',
      ),
    every: z.string().optional().describe('So much time from slot to slot, from `1m` to `366d`.'),
    anchor: z
      .string()
      .optional()
      .describe('A time from which `every` counts, such as `2026-01-01T03:00`. Default: 1970-01-01T00:00Z.'),
    at: z.array(z.string()).min(1).optional().describe('Once at each of these times, such as `2026-12-24T18:00`.'),
    timezone: timezone.describe('Zone of its times, such as `Europe/Amsterdam`.'),
    missing_hour: z
      .enum(['after', 'skip'])
      .optional()
      .describe(
        'What becomes of a time that the clock jumps over in spring: `after`, once when it has jumped, or `skip`. Default: `after`; `skip` when `cron` names every hour.',
      ),
    repeated_hour: z
      .enum(['first', 'both'])
      .optional()
      .describe(
        'What becomes of a time that the clock shows twice in autumn: `first` or `both`. Default: `first`; `both` when `cron` names every hour.',
      ),
    splay: duration('0s', '24h')
      .default('0s')
      .describe('Hosts begin spread over this time, each always at its own moment of it.'),
    start_within: duration('1m', '7d')
      .default('1h')
      .describe('A host that has not begun so long after the slot does not begin.'),
    deadline: duration('1m', '24h')
      .default('1h')
      .describe('How long a host may take once it has begun; then it stops where that is safe.'),
    misfire: z
      .enum(['skip', 'run_once'])
      .optional()
      .describe(
        'What becomes of a slot that is noticed more than 5 minutes late: `skip`, or `run_once` within `start_within`. Default: `skip` for tasks that change hosts, else `run_once`.',
      ),
    overlap: z
      .enum(['skip', 'queue', 'allow'])
      .default('skip')
      .describe(
        'What becomes of a slot while the run of an earlier one goes on: `skip`, `queue` until it has ended or `start_within` is over, or `allow`.',
      ),
    rollout: z
      .string()
      .optional()
      .describe(
        'A roll-out of `rollouts`: hosts have their turns in its batches, instead of each at its moment of `splay`.',
      ),
    ignore_calendars: z.array(z.string()).default([]).describe('Calendars that do not hold for it.'),
  })
  .describe('A rule by which runs start.');
export type ScheduleSection = z.output<typeof scheduleSchema>;
