import { isoTime } from '../trust/iso-time.ts';
import type { Schedule } from '../config/fleet-config.ts';
import { countText } from '../core/count-text.ts';
import { CelerootError, ConnectionError, messageOf } from '../core/errors.ts';
import type { FireRecord } from '../core/slot-record.ts';
import { readSlot } from '../fleet/believe-slots.ts';
import { signRun, submitRun, type SignedRun } from '../fleet/dispatch-run.ts';
import { publishTrust } from '../fleet/publish-trust.ts';
import { grantHosts } from '../fleet/grant-hosts.ts';
import type { ResolvedSchedule } from '../fleet/resolve-schedule.ts';
import type { SlotId } from '../queue/slot-store.ts';
import { someHosts } from '../fleet/schedule-finding.ts';
import { firstAllowed } from '../schedule/allowed-start.ts';
import type { SlotHost } from '../schedule/decide.ts';
import { nextSlot } from '../schedule/slots.ts';
import { type PreparedSlot, prepareSlot } from './prepare-slot.ts';
import { startEnds } from './start-ends.ts';
import type { Plan, Scheduler, Sending } from './scheduler-context.ts';
import { runIdOfSlot } from '../trust/standing-order.ts';

/**
 * Takes over slots that fired and whose orders nobody sends any more. Only that is sent which a scheduler has signed and
 * the file, which may have been changed since, lets begin there and then.
 * @throws ConfigError KEY_UNUSABLE or TRUST_UNUSABLE.
 */
export async function takeOver(scheduler: Scheduler): Promise<void> {
  const { broker, clock, plan, memory, owner, leaseMs, log } = scheduler;
  for (const { sentUntil, ...id } of await broker.slots.unsent()) {
    const resolved = plan.schedules.find(({ schedule }) => schedule.name === id.schedule);
    const run = runIdOfSlot(plan.fleet.fleet, id.schedule, id.slot);
    if (resolved === undefined || memory.sendings.has(run)) continue;
    const endsAt = id.slot + resolved.schedule.startWithinMs;
    if (memory.distrusted.has(run) && clock.now() < endsAt) continue;
    if (!(await broker.slots.claim(id, { owner, ms: leaseMs }))) continue;
    memory.distrusted.delete(run);
    const record = await leftByAnother(scheduler, resolved, id);
    const unsent = `${id.schedule}: what Redis says is unsent of ${isoTime(id.slot)}`;
    if (record === 'forged' && clock.now() < endsAt) {
      memory.distrusted.add(run);
      log(`${unsent} nobody you trust has signed; it is left alone`);
    } else if (record === 'forged' || record === null) {
      log(`${unsent} is not what the file says`);
      await broker.slots.allSent(id, owner);
    } else {
      memory.sendings.set(run, { id, record, endsAt, signed: null, sentUntil, given: new Set() });
      log(`${id.schedule}: goes on with run ${run}, whose orders were not all sent`);
    }
  }
}

/** What was decided on a slot that fired, with the hosts that may have their orders; null when there are none. */
async function leftByAnother(
  { broker, plan, senderOf }: Scheduler,
  resolved: ResolvedSchedule,
  id: SlotId,
): Promise<FireRecord | 'forged' | null> {
  const { fleet, trust } = await senderOf(plan.fleet);
  const record = await readSlot(broker, { fleet, grants: trust.trust.grants }, id);
  if (record === null || record === 'forged') return record;
  if (record.kind !== 'fire' || record.run !== runIdOfSlot(fleet, id.schedule, id.slot)) return null;
  const starts = startsByFile(resolved, id, record);
  return starts.length === 0 ? null : { ...record, starts };
}

/** Those of the hosts that the schedule is for, at moments at which splay and calendars let them begin. */
function startsByFile(
  { schedule, hostsIn }: ResolvedSchedule,
  { slot }: SlotId,
  { starts }: FireRecord,
): FireRecord['starts'] {
  if (nextSlot(schedule.timing, slot - 1) !== slot) return [];
  const hosts = new Map<string, SlotHost>(hostsIn({ start: slot, end: slot }).map((host) => [host.name, host]));
  const end = slot + schedule.startWithinMs;
  return starts.filter(({ host: name, at }) => {
    const host = hosts.get(name);
    return (
      host !== undefined && at >= slot + host.delayMs && firstAllowed(host.calendars, { start: at, end }).at === at
    );
  });
}

/** Sends to each host whose moment has come its order. */
export async function sendWaves(scheduler: Scheduler): Promise<void> {
  const { broker, memory, owner, leaseMs, log } = scheduler;
  for (const sending of memory.sendings.values()) {
    const { id, record } = sending;
    if (!(await broker.slots.claim(id, { owner, ms: leaseMs }))) {
      memory.sendings.delete(record.run);
      continue;
    }
    try {
      await sendWave(scheduler, sending);
    } catch (error) {
      if (error instanceof ConnectionError || !(error instanceof CelerootError)) throw error;
      log(`${id.schedule}: orders of run ${record.run} cannot be sent now: ${messageOf(error)}`);
    }
    if (await isDone(scheduler, sending)) memory.sendings.delete(record.run);
  }
}

/** When the next order is to be sent; null when none is. */
export function nextWaveAt({ memory }: Pick<Scheduler, 'memory'>): number | null {
  const moments = [...memory.sendings.values()].flatMap(({ record, sentUntil }) =>
    record.starts.map(({ at }) => at).filter((at) => at > sentUntil),
  );
  return moments.length === 0 ? null : moments.reduce((one, other) => Math.min(one, other));
}

/** Whether hosts wait for their roles to let more be changed at once. */
export function isHeldUp({ memory, plan }: Pick<Scheduler, 'memory' | 'plan'>, now: number): boolean {
  return [...memory.sendings.values()].some((sending) => dueOf(plan, sending, now).length > 0);
}

/** Hosts whose moment has come, while their calendars still let them begin. */
function dueOf(plan: Plan, sending: Sending, now: number): FireRecord['starts'] {
  return leftOf(plan, sending, now).filter(({ at }) => at <= now);
}

/** Hosts that have no order yet and may still begin, now or later. */
function leftOf(plan: Plan, sending: Sending, now: number): FireRecord['starts'] {
  const { record, sentUntil, given } = sending;
  const endOf = startEnds(plan, sending.id);
  return record.starts.filter((start) => start.at > sentUntil && !given.has(start.host) && now < endOf(start));
}

async function sendWave(scheduler: Scheduler, sending: Sending): Promise<void> {
  const { broker, clock, plan, owner } = scheduler;
  const now = clock.now();
  const wave = dueOf(plan, sending, now);
  if (wave.length === 0 || now >= sending.endsAt) return;
  const schedule = scheduleOf(scheduler, sending);
  if (schedule.rollout !== null) {
    await storeRollout(scheduler, schedule, sending);
    sending.sentUntil = Infinity;
    return;
  }
  sending.signed ??= await signSlot(scheduler, schedule, sending);
  const { run, orders } = sending.signed;
  const wanted = wave.map(({ host }) => host);
  const hosts = new Set(await grantHosts(broker, { fleet: plan.fleet, run, hosts: wanted, owner, now }));
  await broker.release(orders.filter(({ to }) => to.kind === 'host' && hosts.has(to.host)));
  for (const host of hosts) sending.given.add(host);
  if (hosts.size < wave.length) return;
  sending.sentUntil = wave.reduce((latest, { at }) => Math.max(latest, at), sending.sentUntil);
  await broker.slots.sentUntil(sending.id, { at: sending.sentUntil, owner });
}

/** Writes the run into the journal, signs its orders, and stores its record; one that is there is of this same run. */
async function signSlot(scheduler: Scheduler, schedule: Schedule, sending: Sending): Promise<SignedRun> {
  const { broker, plan } = scheduler;
  const { id, record } = sending;
  const { prepared, sender, as } = await prepare(scheduler, schedule, sending);
  const endOf = startEnds(plan, id);
  const ends = new Map(record.starts.map((start): [string, number] => [start.host, endOf(start)]));
  const assignments = prepared.assignments.map((each) =>
    each.to.kind === 'host' ? { ...each, until: ends.get(each.to.host) ?? Infinity } : each,
  );
  const signed = await signRun({ ...prepared, assignments }, sender, as);
  await publishTrust(broker, signed.trust);
  await broker.saveRun(signed.run, signed.record).catch(unlessStored);
  return signed;
}

async function prepare(scheduler: Scheduler, schedule: Schedule, { id, record }: Sending): Promise<PreparedSlot> {
  const hosts = record.starts.map(({ host }) => host).filter((host) => scheduler.plan.fleet.hosts.has(host));
  return await prepareSlot(scheduler, schedule, { slot: id.slot, hosts });
}

/**
 * Keeps the orders of all hosts and steps with the run, for whoever drives it. With the record there, all of it is. The
 * orders hold as long as the slot does: a turn that has begun is ended, and its calendars are held to when it begins.
 */
async function storeRollout(scheduler: Scheduler, schedule: Schedule, sending: Sending): Promise<void> {
  const { broker } = scheduler;
  if ((await broker.runRecords([sending.record.run])).length > 0) return;
  const { prepared, sender, as } = await prepare(scheduler, schedule, sending);
  await submitRun(broker, await signRun(prepared, sender, as), 'celeroot').catch(unlessStored);
}

function unlessStored(error: unknown): void {
  if (!(error instanceof CelerootError) || error.code !== 'RUN_EXISTS') throw error;
}

function scheduleOf({ plan }: Scheduler, { id }: Sending): Schedule {
  const found = plan.schedules.find((each) => each.schedule.name === id.schedule);
  if (found === undefined) throw new Error(`schedule ${id.schedule} left while its orders were sent`);
  return found.schedule;
}

/** Whether nothing is left to send, or it is too late for what is. */
async function isDone({ broker, clock, plan, owner, log }: Scheduler, sending: Sending): Promise<boolean> {
  const { id, record, sentUntil, given, endsAt } = sending;
  const now = clock.now();
  if (now < endsAt && leftOf(plan, sending, now).length > 0) return false;
  const missed = record.starts.filter(({ host, at }) => at > sentUntil && !given.has(host)).map(({ host }) => host);
  if (missed.length > 0) {
    const which = `${countText(missed.length, 'host')} had ${missed.length === 1 ? 'its order' : 'their orders'}: ${someHosts(missed)}`;
    log(`${id.schedule}: run ${record.run} ended before ${which}`);
  }
  await broker.slots.allSent(id, owner);
  return true;
}
