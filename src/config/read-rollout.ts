import type * as z from 'zod';
import { parseDuration } from '../core/duration.ts';
import { BugError } from '../core/errors.ts';
import type { CheckRule, RolloutRules, StepRule } from '../rollout/rules.ts';
import { parseSize, type Size } from '../rollout/size.ts';
import type { rolloutSchema } from './schema.ts';

/** The rules of a section that fits its schema. */
export function rolloutRules(section: z.output<typeof rolloutSchema>): RolloutRules {
  const { canary, batches, by = null, order, soak, check, before, after } = section;
  return Object.freeze({
    canary: canary === undefined ? null : Array.isArray(canary) ? canary : sizeOf(canary),
    batches: batches.map(sizeOf),
    by,
    order,
    maxFailures: sizeOf(section.max_failures),
    maxFailuresPerBatch: sizeOf(section.max_failures_per_batch),
    maxUnreachable: sizeOf(section.max_unreachable),
    soakMs: parseDuration(soak) ?? 0,
    check: check === undefined ? null : checkRule(check),
    before: before.map(stepRule),
    after: after.map(stepRule),
  });
}

type Section = z.output<typeof rolloutSchema>;

function checkRule({ ports, urls, checks, wait, ...limits }: NonNullable<Section['check']>): CheckRule {
  const { load_per_core: loadPerCore, disk_free_percent: diskFreePercent } = limits;
  return {
    args: { ports, urls, checks },
    limits: {
      ...(loadPerCore !== undefined && { loadPerCore }),
      ...(diskFreePercent !== undefined && { diskFreePercent }),
    },
    waitMs: parseDuration(wait) ?? 0,
  };
}

function stepRule({ task, args, always, may_fail: mayFail }: Section['before'][number]): StepRule {
  return { task, args, always, mayFail };
}

export function maxUnavailableOf(value: string | number | undefined): Size | null {
  return value === undefined ? null : sizeOf(value);
}

function sizeOf(value: string | number): Size {
  const size = parseSize(value);
  if (size === null) throw new BugError(`${value} is no size, though it fits the schema`);
  return size;
}
