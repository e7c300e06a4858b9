import * as z from 'zod';
import { parseDuration } from '../core/duration.ts';
import { UsageError } from '../core/errors.ts';
import type { RunTarget } from '../fleet/prepare-run.ts';
import type { RolloutChoice } from '../rollout/rules.ts';
import { readRolloutFlags } from './read-rollout-flags.ts';

/** How a run is sent and followed. */
export type SendFlags = {
  readonly expiresInMs: number;
  readonly yes: boolean;
  readonly detach: boolean;
  readonly wait: boolean;
  /** Null where all hosts have their turn at once. */
  readonly rollout: RolloutChoice | null;
  /** Whether another operator has to sign it first. */
  readonly secondSigner: boolean;
};

/** For whom a run is besides, and how. */
export type RunFlags = SendFlags & {
  readonly to: RunTarget;
  readonly dryRun: boolean;
  readonly deadlineMs: number;
};

const sendSchema = z.object({
  expires: z.string(),
  yes: z.boolean().default(false),
  detach: z.boolean().default(false),
  wait: z.boolean().default(false),
  secondSigner: z.boolean().default(false),
});

const runSchema = z.object({
  role: z.array(z.string()).default([]),
  host: z.array(z.string()).default([]),
  all: z.boolean().default(false),
  any: z.string().optional(),
  exclude: z.array(z.string()).default([]),
  dryRun: z.boolean().default(false),
  deadline: z.string(),
});

/** Reads the flags `addSendFlags` added. */
export function readSendFlags(options: unknown): SendFlags {
  const { expires, yes, detach, wait, secondSigner } = sendSchema.parse(options);
  if (detach && wait) {
    throw new UsageError('USAGE', '--detach and --wait exclude each other', { hint: 'leave one of them out' });
  }
  if (secondSigner && (detach || wait)) {
    throw new UsageError('USAGE', '--second-signer sends nothing that could be followed', {
      hint: 'leave out --detach and --wait',
    });
  }
  const expiresInMs = readDuration('--expires', expires, MAX_EXPIRES_MS);
  return { expiresInMs, yes, detach, wait, secondSigner, rollout: readRolloutFlags(options) };
}

/** Reads the flags `addRunFlags` added; what commander gives is untyped for commands made from data. */
export function readRunFlags(options: unknown): RunFlags {
  const { role, host, all, any, exclude, dryRun, deadline } = runSchema.parse(options);
  if (any !== undefined && (role.length > 0 || host.length > 0 || all || exclude.length > 0)) {
    throw new UsageError('USAGE', '--any is a target of its own and goes with no other', {
      hint: 'give --any ROLE, or --role, --host, --all and --exclude',
    });
  }
  const to: RunTarget =
    any === undefined
      ? { kind: 'hosts', target: { roles: role, hosts: host, all, exclude } }
      : { kind: 'any', role: any };
  return { ...readSendFlags(options), to, dryRun, deadlineMs: readDuration('--deadline', deadline, MAX_DEADLINE_MS) };
}

const MAX_EXPIRES_MS = 7 * 86_400_000;
const MAX_DEADLINE_MS = 86_400_000;

function readDuration(flag: string, text: string, maxMs: number): number {
  const ms = parseDuration(text);
  if (ms !== null && ms >= 1000 && ms <= maxMs) return ms;
  throw new UsageError('USAGE', `${flag}: expected 1s to ${maxMs / 86_400_000}d, got ${JSON.stringify(text)}`, {
    hint: `for example  ${flag} 90m`,
  });
}
