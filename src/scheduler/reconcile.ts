import { ruleOf, scheduleOfRule } from './schedule-rule.ts';
import type { Scheduler } from './scheduler-context.ts';

/**
 * Takes out of Redis what has left the file: rules that were changed, and schedules that are gone, with their pauses and
 * what was decided of them. Only what a scheduler once had: a pause may be there before its schedule is.
 */
export async function reconcile({
  broker,
  plan,
  memory,
  log,
}: Pick<Scheduler, 'broker' | 'plan' | 'memory' | 'log'>): Promise<void> {
  const wanted = new Set(plan.schedules.map(({ schedule }) => ruleOf(schedule)));
  const names = new Set(plan.schedules.map(({ schedule }) => schedule.name));
  const stored = [...(await broker.slots.decidedUntil()).keys()].filter((rule) => !wanted.has(rule));
  const gone = new Set(stored.flatMap((rule) => scheduleOfRule(rule) ?? []).filter((name) => !names.has(name)));
  for (const name of gone) {
    await broker.slots.forget(name);
    memory.told.delete(name);
    log(`${name}: is not in the file any more, and forgotten`);
  }
  await broker.slots.forgetRules(stored);
  for (const rule of memory.decidedUntil.keys()) if (!wanted.has(rule)) memory.decidedUntil.delete(rule);
  for (const [run, { id }] of memory.sendings) if (!names.has(id.schedule)) memory.sendings.delete(run);
}
