import * as z from 'zod';
import { globMatches } from './glob.ts';
import type { RefusalCode } from './report.ts';

export const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

/** Names with `*` and `?`. What could match nothing, whatever there is, would forbid nothing, and unseen. */
const patternsSchema = (of: RegExp, error: string) =>
  z.array(z.string().max(128).regex(of, { error })).max(200).readonly();
const tasksSchema = patternsSchema(/^[a-z0-9.*?-]+$/, 'expected a task such as apt.remove, or apt.*').default([]);
const packagesSchema = patternsSchema(
  /^[a-z0-9+.*?-]+$/,
  'expected the name of a package, or a pattern such as linux-image-*; it counts for every architecture',
).default([]);
const timeSchema = z
  .string()
  .regex(/^(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$/, { abort: true, error: 'expected a time such as 22:00, in quotes' });

const windowSchema = z
  .strictObject({
    days: z.array(z.enum(DAYS)).min(1).readonly().optional(),
    from: timeSchema,
    to: timeSchema,
  })
  .superRefine(({ from, to }, window) => {
    if (from === '24:00') {
      const message = 'expected 00:00, of the day that begins then';
      window.addIssue({ code: 'custom', path: ['from'], input: from, message });
    }
    if (from === to) {
      const message = 'expected another time than that of from; a whole day is from 00:00 to 24:00';
      window.addIssue({ code: 'custom', path: ['to'], input: to, message });
    }
  });
type Window = Readonly<z.infer<typeof windowSchema>>;

/** What the owner of a host has the last word on: /etc/celeroot/policy.yaml. */
export const ownerPolicySchema = z.strictObject({
  version: z.literal(1),
  deny: z.strictObject({ tasks: tasksSchema, packages: packagesSchema }).prefault({}).readonly(),
  /** When what may change the host may begin, by the host's own clock; always when it is left out. */
  hours: z.array(windowSchema).min(1).readonly().optional(),
  /** Tasks for which two operators must have signed. */
  two_signers: tasksSchema,
});
export type OwnerPolicy = Readonly<z.infer<typeof ownerPolicySchema>>;

/** `policy` is null while the file cannot be believed; then `problem` says why. */
export type OwnersWord =
  | {
      readonly policy: OwnerPolicy;
      readonly problem: null;
      /** False where there is no file. */ readonly given: boolean;
    }
  | { readonly policy: null; readonly problem: string };

/** The word of an owner who has given none. */
export const NO_WORD: OwnersWord = { policy: ownerPolicySchema.parse({ version: 1 }), problem: null, given: false };

/** A time of the week where the host is. */
export type LocalTime = { readonly day: number; /** Since midnight. */ readonly minute: number };

/** What a host is about to do. */
export type Intent = {
  readonly task: string;
  readonly changesHost: boolean;
  readonly dryRun: boolean;
  /** Begun before, and now gone on with. */
  readonly begun: boolean;
  /** How many have signed. */
  readonly operators: number;
  readonly at: LocalTime;
};

export type Veto = { readonly code: RefusalCode; readonly message: string };

/**
 * Why the owner of the host does not want it; null when that is not so. While the policy cannot be read nothing changes
 * the host. Hours say what may begin: what has begun is finished.
 */
export function vetoOf(word: OwnersWord, intent: Intent): Veto | null {
  const { task, changesHost, dryRun } = intent;
  const changes = changesHost && !dryRun;
  if (word.policy === null) return changes ? { code: 'POLICY_UNUSABLE', message: word.problem } : null;
  const { deny, two_signers: twoSigners } = word.policy;
  const denied = deny.tasks.find((pattern) => globMatches(pattern, task));
  if (denied !== undefined) {
    return { code: 'POLICY_DENIED', message: `the policy of this host denies ${denied}` };
  }
  const guarded = dryRun ? undefined : twoSigners.find((pattern) => globMatches(pattern, task));
  if (guarded !== undefined && intent.operators < 2) {
    const message = `the policy of this host wants two operators to sign ${guarded}: send it with --second-signer`;
    return { code: 'SECOND_SIGNER_NEEDED', message };
  }
  return changes ? outsideHours(word.policy, intent) : null;
}

function outsideHours({ hours }: OwnerPolicy, { begun, at }: Intent): Veto | null {
  if (begun || hours === undefined || hours.some((window) => isWithin(window, at))) return null;
  const now = `${DAYS[at.day]} ${clockText(at.minute)}`;
  const message = `it is ${now} on this host; what changes it may begin ${hours.map(windowText).join(', or ')}`;
  return { code: 'OUTSIDE_HOURS', message };
}

/** A window that ends before it begins ends on the next day; its days are those on which it begins. */
function isWithin({ days = DAYS, from, to }: Window, { day, minute }: LocalTime): boolean {
  const [begin, end] = [minutesOf(from), minutesOf(to)];
  const isDay = (wanted: number): boolean => days.some((name) => DAYS[wanted] === name);
  if (begin < end) return isDay(day) && minute >= begin && minute < end;
  return (isDay(day) && minute >= begin) || (isDay((day + 6) % 7) && minute < end);
}

/** `mon, tue 22:00–05:00`. */
export function windowText({ days, from, to }: Window): string {
  return `${days === undefined ? 'every day' : days.join(', ')} ${from}–${to}`;
}

function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return hours * 60 + minutes;
}

function clockText(minute: number): string {
  return [Math.floor(minute / 60), minute % 60].map((part) => String(part).padStart(2, '0')).join(':');
}
