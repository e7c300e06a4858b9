import { isoTime } from '../trust/iso-time.ts';
import { countText } from '../core/count-text.ts';
import { ConfigError, RejectedError, UsageError } from '../core/errors.ts';
import type { SchedulePause } from '../core/schedule-pause.ts';
import type { SignedByKey } from '../core/signed.ts';
import type { SlotRecord } from '../core/slot-record.ts';
import { hostNameSchema } from '../core/names.ts';
import type { ResolvedSchedule } from '../fleet/resolve-schedule.ts';
import { believePause } from '../fleet/believe-pauses.ts';
import { readSlot } from '../fleet/believe-slots.ts';
import { someHosts } from '../fleet/schedule-finding.ts';
import type { SlotId } from '../queue/slot-store.ts';
import { type Decision, decide, type LeftOut, type Reason } from '../schedule/decide.ts';
import { writeWall } from '../schedule/wall-clock.ts';
import { wallAt } from '../schedule/zone.ts';
import { prepareSlot } from './prepare-slot.ts';
import { runUnderWay } from './run-under-way.ts';
import type { Scheduler } from './scheduler-context.ts';
import { sealSlot } from '../trust/slot-record.ts';
import { runIdOfSlot } from '../trust/standing-order.ts';

export type DueNow = {
  readonly slot: number;
  /** What stands as a pause, not believed yet; undefined for nothing. */
  readonly pause: SignedByKey | null | undefined;
  readonly isSuperseded: boolean;
};

/** Decides one slot, unless somebody has; a slot that waits is for the next beat. */
export async function decideSlot(
  scheduler: Scheduler,
  resolved: ResolvedSchedule,
  due: DueNow,
): Promise<'decided' | 'waits'> {
  try {
    return await decideWith(scheduler, resolved, { due, sender: await scheduler.senderOf(scheduler.plan.fleet) });
  } catch (error) {
    // A key or a file that is wrong here may be right where another scheduler runs, or in a moment.
    if (!(error instanceof ConfigError)) throw error;
    const id = { schedule: resolved.schedule.name, slot: due.slot };
    tellOnce(scheduler, id, `${slotName(resolved, due.slot)} cannot fire here: ${error.message}`);
    return 'waits';
  }
}

/** Nothing that was said of the slot already. */
function tellOnce({ memory, log }: Scheduler, { schedule, slot }: SlotId, line: string): void {
  const known = memory.told.get(schedule);
  const told = known?.slot === slot ? known : { slot, lines: new Set<string>() };
  memory.told.set(schedule, told);
  if (!told.lines.has(line)) log(line);
  told.lines.add(line);
}

type Decider = Awaited<ReturnType<Scheduler['senderOf']>>;

async function decideWith(
  scheduler: Scheduler,
  resolved: ResolvedSchedule,
  { due, sender }: { readonly due: DueNow; readonly sender: Decider },
): Promise<'decided' | 'waits'> {
  const { broker, clock } = scheduler;
  const { schedule, rules } = resolved;
  const id = { schedule: schedule.name, slot: due.slot };
  if (await isDecided(scheduler, sender, id)) return 'decided';
  const now = clock.now();
  const pause = await pauseOf(scheduler, sender, { id, stored: due.pause });
  const decision = decide({
    ...due,
    pause,
    now,
    noticedAt: rules.overlap === 'queue' ? await broker.slots.noticedAt(id, now) : now,
    rules,
    hosts: resolved.hostsIn({ start: due.slot, end: now }),
    running: rules.overlap === 'allow' || due.isSuperseded ? null : await runUnderWay(scheduler, id),
  });
  if (decision.kind === 'wait') return 'waits';
  if (decision.kind === 'miss') return await storeMiss(scheduler, resolved, { id, sender, ...decision });
  return await fire(scheduler, resolved, { id, sender, decision });
}

/** Says it when what stands in the place of a decision is none: the slot does not fire, and somebody should know why. */
async function isDecided({ broker, log }: Scheduler, { fleet, trust }: Decider, id: SlotId): Promise<boolean> {
  const found = await readSlot(broker, { fleet, grants: trust.trust.grants }, id);
  if (found === 'forged') {
    const slot = isoTime(id.slot);
    log(
      `${id.schedule}: what Redis has for a decision on the slot of ${slot} nobody you trust has signed; it does not fire`,
    );
  }
  return found !== null;
}

type PauseQuestion = { readonly id: SlotId; readonly stored: DueNow['pause'] };

/** What no operator has signed pauses nothing, or whoever writes to Redis could say that one has. */
async function pauseOf(
  scheduler: Scheduler,
  { fleet, trust }: Decider,
  { id, stored }: PauseQuestion,
): Promise<SchedulePause | null> {
  if (stored === undefined) return null;
  const { schedule } = id;
  const pause = await believePause(schedule, stored, { fleet, grants: trust.trust.grants });
  if (pause === null) {
    const line = `${schedule}: what Redis has for its pause no operator you trust has signed; it is not heeded`;
    tellOnce(scheduler, id, line);
  }
  return pause;
}

type Store = { readonly id: SlotId; readonly sender: Decider; readonly record: SlotRecord };

/** Whether nobody had decided the slot before. */
async function storeDecision(scheduler: Scheduler, { id, sender, record }: Store): Promise<boolean> {
  const { broker, owner, leaseMs } = scheduler;
  const sealed = sealSlot({ fleet: sender.fleet, schedule: id.schedule }, record, sender.key);
  const decision = { record: sealed, fires: record.kind === 'fire' };
  if (await broker.slots.decide(id, decision, { owner, ms: leaseMs })) return true;
  await isDecided(scheduler, sender, id);
  return false;
}

/**
 * Writes down that slots up to this one passed while no scheduler was at work.
 * @throws ConfigError KEY_UNUSABLE or TRUST_UNUSABLE.
 */
export async function missSlots(scheduler: Scheduler, id: SlotId, count: number): Promise<void> {
  const reason = { code: 'LATE', text: 'no scheduler was at work' };
  const sender = await scheduler.senderOf(scheduler.plan.fleet);
  const isOurs = await writeMiss(scheduler, { id, sender, reason, leftOut: [] }, count);
  if (isOurs)
    scheduler.log(`${id.schedule}: ${countText(count, 'slot')} up to ${isoTime(id.slot)} missed: ${reason.text}`);
}

type Miss = {
  readonly id: SlotId;
  readonly sender: Decider;
  readonly reason: Omit<Reason, 'code'> & { readonly code: string };
  readonly leftOut: readonly LeftOut[];
};

async function storeMiss(scheduler: Scheduler, resolved: ResolvedSchedule, miss: Miss): Promise<'decided'> {
  const isOurs = await writeMiss(scheduler, miss, 1);
  if (isOurs) scheduler.log(`${slotName(resolved, miss.id.slot)} missed: ${miss.reason.text}`);
  return 'decided';
}

/** Whether nobody had decided the slot before. */
async function writeMiss(scheduler: Scheduler, { id, sender, reason, leftOut }: Miss, count: number): Promise<boolean> {
  const made = { slot: id.slot, decidedAt: scheduler.clock.now(), by: scheduler.owner };
  const record: SlotRecord = { kind: 'miss', ...made, reason, leftOut: namedHosts(leftOut), count };
  return await storeDecision(scheduler, { id, sender, record });
}

type Fire = { readonly id: SlotId; readonly sender: Decider; readonly decision: Extract<Decision, { kind: 'fire' }> };

/** The decision is stored before anything is signed or sent: whoever takes over sends the same run. */
async function fire(
  scheduler: Scheduler,
  resolved: ResolvedSchedule,
  { id, sender, decision }: Fire,
): Promise<'decided'> {
  const { clock, owner, plan, memory, log } = scheduler;
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
    if (!(await storeDecision(scheduler, { id, sender, record }))) return 'decided';
    const endsAt = id.slot + schedule.startWithinMs;
    memory.sendings.set(record.run, { id, record, endsAt, signed: null, sentUntil: -Infinity, given: new Set() });
    const left = record.leftOut.length === 0 ? '' : `; left out: ${someHosts(record.leftOut.map(({ host }) => host))}`;
    log(
      `${slotName(resolved, id.slot)} fires as run ${record.run} on ${countText(record.starts.length, 'host')}${left}`,
    );
    return 'decided';
  } catch (error) {
    if (!(error instanceof RejectedError || error instanceof UsageError)) throw error;
    const reason = { code: error.code, text: error.message.slice(0, 2000) };
    return await storeMiss(scheduler, resolved, { id, sender, reason, leftOut: decision.leftOut });
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
