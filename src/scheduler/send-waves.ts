import { CelerootError, ConnectionError, messageOf } from '../core/errors.ts';
import { signRun, type SignedRun } from '../fleet/dispatch-run.ts';
import { publishTrust } from '../fleet/publish-trust.ts';
import { prepareSlot } from './prepare-slot.ts';
import type { Scheduler, Sending } from './scheduler-context.ts';

/** Takes over slots that fired and whose orders nobody sends any more. */
export async function takeOver({ broker, plan, memory, owner, leaseMs, log }: Scheduler): Promise<void> {
  for (const { sentUntil, ...id } of await broker.slots.unsent()) {
    const schedule = plan.schedules.find((each) => each.schedule.name === id.schedule)?.schedule;
    const isOurs = [...memory.sendings.values()].some(
      (sending) => sending.id.schedule === id.schedule && sending.id.slot === id.slot,
    );
    if (schedule === undefined || isOurs) continue;
    if (!(await broker.slots.claim(id, { owner, ms: leaseMs }))) continue;
    const record = await broker.slots.read(id);
    if (record?.kind !== 'fire') {
      await broker.slots.allSent(id);
      continue;
    }
    const endsAt = id.slot + schedule.startWithinMs;
    memory.sendings.set(record.run, { id, record, endsAt, signed: null, sentUntil });
    log(`${id.schedule}: goes on with run ${record.run}, whose orders were not all sent`);
  }
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

async function sendWave(scheduler: Scheduler, sending: Sending): Promise<void> {
  const { broker, clock } = scheduler;
  const now = clock.now();
  const wave = sending.record.starts.filter(({ at }) => at > sending.sentUntil && at <= now);
  if (wave.length === 0 || now >= sending.endsAt) return;
  sending.signed ??= await signSlot(scheduler, sending);
  const hosts = new Set<string>(wave.map(({ host }) => host));
  await broker.release(sending.signed.orders.filter(({ to }) => to.kind === 'host' && hosts.has(to.host)));
  sending.sentUntil = wave.reduce((latest, { at }) => Math.max(latest, at), sending.sentUntil);
  await broker.slots.sentUntil(sending.id, sending.sentUntil);
}

/** Writes the run into the journal, signs its orders, and stores its record; one that is there is of this same run. */
async function signSlot(scheduler: Scheduler, { id, record }: Sending): Promise<SignedRun> {
  const { broker, plan } = scheduler;
  const schedule = plan.schedules.find((each) => each.schedule.name === id.schedule)?.schedule;
  if (schedule === undefined) throw new Error(`schedule ${id.schedule} left while its orders were sent`);
  const hosts = record.starts.map(({ host }) => host).filter((host) => plan.fleet.hosts.has(host));
  const { prepared, sender } = await prepareSlot(scheduler, schedule, { slot: id.slot, hosts });
  const signed = await signRun(prepared, sender, record.run);
  await publishTrust(broker, signed.trust);
  await broker.saveRun(signed.run, signed.record).catch((error: unknown) => {
    if (!(error instanceof CelerootError) || error.code !== 'RUN_EXISTS') throw error;
  });
  return signed;
}

/** Whether nothing is left to send, or it is too late for what is. */
async function isDone({ broker, clock, log }: Scheduler, { id, record, sentUntil, endsAt }: Sending): Promise<boolean> {
  const left = record.starts.filter(({ at }) => at > sentUntil);
  if (left.length > 0 && clock.now() < endsAt) return false;
  if (left.length > 0) log(`${id.schedule}: run ${record.run} ended before ${left.length} hosts had their orders`);
  await broker.slots.allSent(id);
  return true;
}
