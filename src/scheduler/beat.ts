import { MAX_CLOCK_SKEW_MS } from '../core/clock.ts';
import { formatDuration } from '../core/duration.ts';
import { nextSlot } from '../schedule/slots.ts';
import { decideDueSlots } from './decide-due-slots.ts';
import { ruleOf } from './schedule-rule.ts';
import type { Scheduler } from './scheduler-context.ts';
import { isHeldUp, nextWaveAt, sendWaves, takeOver } from './send-waves.ts';

/** At the latest after so long it looks again: clocks are set, and others die with orders unsent. */
const LOOK_EVERY_MS = 15_000;
/** How soon it looks again whether the run that a slot waits for has ended. */
const WAITING_MS = 5000;
/** How soon it looks again whether a role has room for the hosts that wait for it. */
const HELD_UP_MS = 2000;

/**
 * Does all that is due: decides slots, takes over what another left, sends orders. Returns when to look again. May be
 * broken off anywhere and done again by anybody.
 */
export async function beat(scheduler: Scheduler): Promise<number> {
  const { clock, plan, memory } = scheduler;
  const decided = await decideDue(scheduler);
  if (decided === 'clock-off') return clock.now() + LOOK_EVERY_MS;
  await takeOver(scheduler);
  await sendWaves(scheduler);
  const now = clock.now();
  const slots = plan.schedules.map(({ schedule }) =>
    nextSlot(schedule.timing, memory.decidedUntil.get(ruleOf(schedule)) ?? now),
  );
  const moments = [...slots, nextWaveAt(scheduler)].filter((at) => at !== null && at > now);
  const unhurriedMs = decided === 'waits' ? WAITING_MS : LOOK_EVERY_MS;
  return Math.min(now + (isHeldUp(scheduler, now) ? HELD_UP_MS : unhurriedMs), ...moments.map(Number));
}

/** Decides the slots that are due, and sends nothing; says whether one waits, or why none was looked at. */
export async function decideDue(scheduler: Scheduler): Promise<'decided' | 'waits' | 'clock-off'> {
  const { broker, clock, plan, log } = scheduler;
  const ahead = clock.now() - (await broker.serverTime());
  if (Math.abs(ahead) > MAX_CLOCK_SKEW_MS) {
    const by = `${formatDuration(Math.abs(ahead))} ${ahead > 0 ? 'ahead of' : 'behind'}`;
    log(`the clock of this machine is ${by} that of Redis: nothing fires until they agree`);
    return 'clock-off';
  }
  const [pauses, stored] = await Promise.all([broker.pauses(), broker.slots.decidedUntil()]);
  let isWaiting = false;
  for (const resolved of plan.schedules) {
    const known = {
      stored: stored.get(ruleOf(resolved.schedule)) ?? null,
      pause: pauses.get(resolved.schedule.name),
    };
    if (await decideDueSlots(scheduler, resolved, known)) isWaiting = true;
  }
  return isWaiting ? 'waits' : 'decided';
}
