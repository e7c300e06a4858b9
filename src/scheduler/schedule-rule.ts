import { createHash } from 'node:crypto';
import type { Schedule } from '../config/fleet-config.ts';
import { type ScheduleName, scheduleNameSchema } from '../core/names.ts';

/**
 * A schedule's name with a digest of what says when it fires: slots that a rule had before it was written are not slots
 * that were missed.
 */
export function ruleOf({ name, section }: Schedule): string {
  const { cron, every, at, anchor, timezone, missing_hour: missing, repeated_hour: repeated } = section;
  const text = JSON.stringify([cron, every, at, anchor, timezone, missing, repeated]);
  return `${name} ${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
}

/** The schedule of a rule; null for what is none. */
export function scheduleOfRule(rule: string): ScheduleName | null {
  return scheduleNameSchema.safeParse(rule.split(' ')[0]).data ?? null;
}
