import { ConfigError, RejectedError, UsageError } from '../core/errors.ts';
import type { SchedulePause } from '../core/schedule-pause.ts';
import type { SlotRecord } from '../core/slot-record.ts';
import { hostNameSchema } from '../core/names.ts';
import type { ResolvedSchedule } from '../fleet/resolve-schedule.ts';
import { someHosts } from '../fleet/schedule-finding.ts';
import type { SlotId } from '../queue/slot-store.ts';
import { type Decision, decide, type LeftOut, type Reason } from '../schedule/decide.ts';
import { writeWall } from '../schedule/wall-clock.ts';
import { wallAt } from '../schedule/zone.ts';
import { prepareSlot } from './prepare-slot.ts';
import { runUnderWay } from './run-under-way.ts';
import type { Scheduler } from './scheduler-context.ts';
import { runIdOfSlot } from '../trust/standing-order.ts';

export type DueNow = { readonly slot: number; readonly pause: SchedulePause | null; readonly isSuperseded: boolean };

/** Decides one slot, unless somebody has; a slot that waits is for the next beat. */
export async function decideSlot(
  scheduler: Scheduler,
  resolved: ResolvedSchedule,
  due: DueNow,
): Promise<'decided' | 'waits'> {
  const { broker, clock } = scheduler;
  const { schedule, rules } = resolved;
  const id = { schedule: schedule.name, slot: due.slot };
  if ((await broker.slots.read(id)) !== null) return 'decided';
  const now = clock.now();
  const decision = decide({
    ...due,
    now,
    noticedAt: rules.overlap === 'queue' ? await broker.slots.noticedAt(id, now) : now,
    rules,
    hosts: resolved.hostsIn({ start: due.slot, end: now }),
    running: rules.overlap === 'allow' || due.isSuperseded ? null : await runUnderWay(scheduler, id),
  });
  if (decision.kind === 'wait') return 'waits';
  if (decision.kind === 'miss') return await storeMiss(scheduler, resolved, { id, ...decision });
  return await fire(scheduler, resolved, { id, decision });
}

/** Writes down that slots up to this one passed while no scheduler was at work. */
export async function missSlots(scheduler: Scheduler, id: SlotId, count: number): Promise<void> {
  const reason = { code: 'LATE', text: 'no scheduler was at work' };
  const isOurs = await writeMiss(scheduler, { id, reason, leftOut: [] }, count);
  if (isOurs)
    scheduler.log(`${id.schedule}: ${count} slots up to ${new Date(id.slot).toISOString()} missed: ${reason.text}`);
}

type Miss = {
  readonly id: SlotId;
  readonly reason: Omit<Reason, 'code'> & { readonly code: string };
  readonly leftOut: readonly LeftOut[];
};

async function storeMiss(scheduler: Scheduler, resolved: ResolvedSchedule, miss: Miss): Promise<'decided'> {
  const isOurs = await writeMiss(scheduler, miss, 1);
  if (isOurs) scheduler.log(`${slotName(resolved, miss.id.slot)} missed: ${miss.reason.text}`);
  return 'decided';
}

/** Whether nobody had decided the slot before. */
async function writeMiss(scheduler: Scheduler, { id, reason, leftOut }: Miss, count: number): Promise<boolean> {
  const { broker, clock, owner, leaseMs } = scheduler;
  const made = { slot: id.slot, decidedAt: clock.now(), by: owner };
  const record: SlotRecord = { kind: 'miss', ...made, reason, leftOut: namedHosts(leftOut), count };
  return await broker.slots.decide(id, record, { owner, ms: leaseMs });
}

type Fire = { readonly id: SlotId; readonly decision: Extract<Decision, { kind: 'fire' }> };

/** The decision is stored before anything is signed or sent: whoever takes over sends the same run. */
async function fire(
  scheduler: Scheduler,
  resolved: ResolvedSchedule,
  { id, decision }: Fire,
): Promise<'decided' | 'waits'> {
  const { broker, clock, owner, leaseMs, plan, memory, log } = scheduler;
  const { schedule } = resolved;
  try {
    const { prepared, notJoined } = await prepareSlot(scheduler, schedule, {
      slot: id.slot,
      hosts: decision.starts.map(({ host }) => host),
    });
    const joined = new Set<string>(prepared.assignments.flatMap(({ candidates }) => candidates));
    const record = {
      kind: 'fire',
      slot: id.slot,
      decidedAt: clock.now(),
      by: owner,
      run: runIdOfSlot(plan.fleet.fleet, id.schedule, id.slot),
      starts: decision.starts
        .filter(({ host }) => joined.has(host))
        .map(({ host, at }) => ({ host: hostNameSchema.parse(host), at })),
      leftOut: namedHosts([...decision.leftOut, ...notJoined.map((host) => ({ host, reason: NOT_JOINED }))]),
    } as const;
    if (!(await broker.slots.decide(id, record, { owner, ms: leaseMs }))) return 'decided';
    const endsAt = id.slot + schedule.startWithinMs;
    memory.sendings.set(record.run, { id, record, endsAt, signed: null, sentUntil: -Infinity, given: new Set() });
    const left = record.leftOut.length === 0 ? '' : `; left out: ${someHosts(record.leftOut.map(({ host }) => host))}`;
    log(`${slotName(resolved, id.slot)} fires as run ${record.run} on ${record.starts.length} hosts${left}`);
    return 'decided';
  } catch (error) {
    // A key or a file that is wrong here may be right where another scheduler runs, or in a moment.
    if (error instanceof ConfigError) {
      log(`${slotName(resolved, id.slot)} cannot fire here: ${error.message}`);
      return 'waits';
    }
    if (!(error instanceof RejectedError || error instanceof UsageError)) throw error;
    const reason = { code: error.code, text: error.message.slice(0, 2000) };
    return await storeMiss(scheduler, resolved, { id, reason, leftOut: decision.leftOut });
  }
}

const NOT_JOINED = { code: 'NOT_JOINED', text: 'the host has not joined' };

function namedHosts(
  leftOut: readonly { readonly host: string; readonly reason: { readonly code: string; readonly text: string } }[],
): Extract<SlotRecord, { kind: 'miss' }>['leftOut'] {
  return leftOut.map(({ host, reason }) => ({ host: hostNameSchema.parse(host), reason: { ...reason } }));
}

function slotName({ schedule }: ResolvedSchedule, slot: number): string {
  return `${schedule.name}: the slot of ${writeWall(wallAt(schedule.zone, slot))} ${schedule.zone.name}`;
}
