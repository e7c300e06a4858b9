import { readIfThere } from '../host/read-if-there.ts';
import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import type { FleetConfig, Schedule } from '../config/fleet-config.ts';
import { ConfigError, messageOf, RejectedError } from '../core/errors.ts';
import { type ScheduleName, scheduleNameSchema } from '../core/names.ts';
import { parseJsonAs } from '../core/parse-json-as.ts';
import { writeDurably } from '../host/durable-file.ts';
import { stepsOf } from '../rollout/steps.ts';
import type { Timing } from '../schedule/slots.ts';
import { DAY_MS, MINUTE_MS } from '../schedule/wall-clock.ts';
import { MAX_STANDING_MS, type StandingOrder, standingOrderSchema } from '../trust/standing-order.ts';
import { kindOf, type Trust } from '../trust/trust-file.ts';
import { openStandingOrder } from '../trust/verify-firing.ts';

/** What operators have signed, by schedule: the envelope of what it asks for, then those of the steps of its roll-out. */
export type StandingOrders = ReadonlyMap<ScheduleName, readonly string[]>;

/** A standing order that is good for a schedule as the file has it. */
type Standing = {
  readonly request: string;
  readonly standing: StandingOrder;
  /** The keys of the operators. */
  readonly signedBy: readonly string[];
};

/** With those of the steps that the hosts do besides, in the order of their turns. */
export type StandingFor = Standing & { readonly steps: readonly Standing[] };

const fileSchema = z.strictObject({
  version: z.literal(1),
  orders: z.record(scheduleNameSchema, z.array(z.string()).min(1)),
});

/** None when there is no file yet. @throws ConfigError NOT_SIGNED when it is not what celeroot wrote. */
export async function readStandingOrders({ standingOrdersFile }: FleetConfig): Promise<StandingOrders> {
  const text = await readIfThere(standingOrdersFile).catch((error: unknown) => {
    throw unusable(standingOrdersFile, messageOf(error));
  });
  if (text === null) return new Map();
  const file = parseJsonAs(fileSchema, text);
  if (file === null) throw unusable(standingOrdersFile, 'it is not what celeroot schedules sign wrote');
  return new Map(Object.entries(file.orders).map(([name, envelopes]) => [scheduleNameSchema.parse(name), envelopes]));
}

export async function writeStandingOrders({ standingOrdersFile }: FleetConfig, orders: StandingOrders): Promise<void> {
  const file = { version: 1, orders: Object.fromEntries(orders) };
  await writeDurably(standingOrdersFile, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o644 });
}

/**
 * What an operator would sign for a schedule now, for a year: first what it asks for, then the steps of its roll-out.
 * @throws RejectedError SCHEDULES_FAULTY when hosts could not hold the schedule against it.
 */
export function standingOrdersOf(
  fleet: FleetConfig,
  schedule: Schedule,
  when: { readonly now: number; readonly by: string },
): readonly [StandingOrder, ...StandingOrder[]] {
  const rules = schedule.rollout === null ? null : (fleet.rollouts.get(schedule.rollout) ?? null);
  const steps = rules === null ? [] : stepsOf(schedule.task, rules);
  return [
    standingOrderOf(fleet, schedule, { ...when, what: schedule }),
    ...steps.flatMap(({ step: { task }, args }, index) =>
      args === null ? [] : [standingOrderOf(fleet, schedule, { ...when, what: { task, args, step: index + 1 } })],
    ),
  ];
}

type Wanted = {
  readonly now: number;
  readonly by: string;
  readonly what: Pick<Schedule, 'task' | 'args'> & { readonly step?: number };
};

function standingOrderOf({ fleet }: FleetConfig, schedule: Schedule, { now, by, what }: Wanted): StandingOrder {
  const { name, target, startWithinMs, deadlineMs, timing } = schedule;
  const { task, args, step } = what;
  const offsets = timing.kind === 'at' ? timing.moments.map((moment) => remainder(moment, MINUTE_MS)) : [];
  const parsed = standingOrderSchema.safeParse({
    fleet,
    schedule: name,
    ...(step === undefined ? {} : { step }),
    when: whenText(schedule),
    to: {
      hosts: target.all ? ['*'] : [...target.roles.map((role) => `@${role}`), ...target.hosts],
      except: [...target.exclude],
    },
    task,
    args,
    dryRun: false,
    limits: { expiresInMs: startWithinMs, deadlineMs, lateMs: startWithinMs },
    slots: slotsOf(timing),
    notBefore: Math.floor(now / MINUTE_MS) * MINUTE_MS,
    notAfter: now + MAX_STANDING_MS - DAY_MS,
    issuedAt: now,
    by,
  } satisfies z.input<typeof standingOrderSchema>);
  if (parsed.success && new Set(offsets).size <= 1) return parsed.data;
  const issues = parsed.error?.issues.map(({ path, message }) => `${path.join('/')}: ${message}`);
  const why = issues?.join('; ') ?? 'its times are not whole minutes apart';
  throw new RejectedError('SCHEDULES_FAULTY', `schedule ${name} cannot be signed for a scheduler: ${why}`, {
    hint: 'start_within may be 84h at most, and times are whole minutes apart',
  });
}

type Known = { readonly orders: StandingOrders; readonly trust: Trust; readonly now: number };

/**
 * The standing order of a schedule, and those of its steps, when they say what the file says.
 * @throws ConfigError NOT_SIGNED with what to type.
 */
export function standingFor(fleet: FleetConfig, schedule: Schedule, { orders, trust, now }: Known): StandingFor {
  const why = (text: string): ConfigError =>
    new ConfigError('NOT_SIGNED', `${text} ${schedule.name} in ${fleet.standingOrdersFile}`, {
      hint: `an operator signs it with:  celeroot schedules sign ${schedule.name}`,
    });
  const requests = orders.get(schedule.name) ?? [];
  const wanted = standingOrdersOf(fleet, schedule, { now, by: '' });
  if (requests.length === 0) throw why('there is no standing order for');
  const changed = 'the schedule was changed since an operator signed the standing order of';
  if (requests.length !== wanted.length) throw why(changed);
  const operators = trust.grants.filter((grant) => kindOf(grant) === 'operator' && grant.revokedAt === null);
  const keys = operators.map(({ key }) => key);
  const [own, ...steps] = wanted.map((each, index): Standing => {
    const request = requests[index] ?? '';
    const opened = openStandingOrder(request, keys);
    if (!opened.ok) throw why(`no operator’s key of the trust file holds for the standing order of`);
    const { standing, signedBy } = opened;
    if (!saysTheSame(standing, each)) throw why(changed);
    if (standing.notAfter <= now) throw why('out of its time is the standing order of');
    return { request, standing, signedBy };
  });
  if (own === undefined) throw why('there is no standing order for');
  return { ...own, steps };
}

/** But for who signed it, and when. */
function saysTheSame(one: StandingOrder, other: StandingOrder): boolean {
  const content = ({
    fleet,
    schedule,
    step,
    to,
    task,
    args,
    dryRun,
    limits,
    slots,
    when,
  }: StandingOrder): unknown[] => [
    [fleet, schedule, step, when, task, dryRun],
    [to, args, limits, slots],
  ];
  return isDeepStrictEqual(content(one), content(other));
}

/** Hosts know whole minutes from each other; those of a pattern are all that there are. */
function slotsOf(timing: Timing): StandingOrder['slots'] {
  switch (timing.kind) {
    case 'cron':
      return { anchor: 0, everyMs: MINUTE_MS };
    case 'every':
      return { anchor: remainder(timing.anchor, timing.everyMs), everyMs: timing.everyMs };
    case 'at':
      return { anchor: remainder(timing.moments[0] ?? 0, MINUTE_MS), everyMs: MINUTE_MS };
  }
}

function remainder(value: number, divisor: number): number {
  return ((value % divisor) + divisor) % divisor;
}

/** With the zone, so that a schedule that is moved is signed anew. */
function whenText({ section, zone }: Schedule): string {
  const { cron, every, at, anchor } = section;
  const times = cron ?? (every === undefined ? (at ?? []).join(', ') : `every ${every} from ${anchor ?? '1970'}`);
  return `${times} ${zone.name}`.slice(0, 500);
}

function unusable(file: string, why: string): ConfigError {
  return new ConfigError('NOT_SIGNED', `cannot use ${file}: ${why}`, {
    hint: 'move it away and sign anew:  celeroot schedules sign',
  });
}
