import * as z from 'zod';
import { parseDuration } from '../core/duration.ts';
import { UsageError } from '../core/errors.ts';
import type { RolloutChoice, RolloutRules } from '../rollout/rules.ts';
import { parseSize, type Size } from '../rollout/size.ts';

const rolloutSchema = z.object({
  rollout: z.string().optional(),
  canary: z.string().optional(),
  batches: z.string().optional(),
  maxFailures: z.string().optional(),
  soak: z.string().optional(),
});

/** What the flags that `addSendFlags` added say of a roll-out; null when they say nothing. */
export function readRolloutFlags(options: unknown): RolloutChoice | null {
  const { rollout: name, canary, batches, maxFailures, soak } = rolloutSchema.parse(options);
  if ([name, canary, batches, maxFailures, soak].every((value) => value === undefined)) return null;
  const changes: Partial<RolloutRules> = {
    ...(canary !== undefined && { canary: readCanary(canary) }),
    ...(batches !== undefined && { batches: wordsOf('--batches', batches).map(readBatch) }),
    ...(maxFailures !== undefined && { maxFailures: readSize('--max-failures', maxFailures) }),
    ...(soak !== undefined && { soakMs: readSoak(soak) }),
  };
  return { name: name ?? null, changes };
}

/** A host may be called by a number; in the configuration a list of one name says so. */
function readCanary(text: string): RolloutRules['canary'] {
  return parseSize(text) ?? wordsOf('--canary', text);
}

function readBatch(text: string): Size {
  const size = readSize('--batches', text);
  if (size.value > 0) return size;
  throw new UsageError('USAGE', `--batches: a batch of ${text} never ends`, {
    hint: 'for example  --batches 1,10%,50%',
  });
}

function readSize(flag: string, text: string): Size {
  const size = parseSize(text);
  if (size !== null) return size;
  throw new UsageError('USAGE', `${flag}: expected a number or a percentage, got ${JSON.stringify(text)}`, {
    hint: `for example  ${flag} 10%`,
  });
}

function readSoak(text: string): number {
  const ms = parseDuration(text);
  if (ms !== null) return ms;
  throw new UsageError('USAGE', `--soak: expected a duration, got ${JSON.stringify(text)}`, {
    hint: 'for example  --soak 5m',
  });
}

function wordsOf(flag: string, text: string): readonly string[] {
  const words = text.split(',').map((word) => word.trim());
  if (!words.includes('')) return words;
  throw new UsageError('USAGE', `${flag}: expected values between commas, got ${JSON.stringify(text)}`, {
    hint: `for example  ${flag} ${flag === '--batches' ? '1,10%,50%' : 'web1,db1'}`,
  });
}
