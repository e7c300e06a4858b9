import { createHash } from 'node:crypto';
import * as z from 'zod';
import { makeRunId, type RunId } from '../core/ids.ts';
import { jsonObjectSchema } from '../core/json.ts';
import { fleetNameSchema, scheduleNameSchema, type FleetName, type ScheduleName } from '../core/names.ts';
import { sealEnvelope } from './dsse.ts';
import type { SigningKey } from './key.ts';

export const STANDING_ORDER_TYPE = 'application/vnd.celeroot.standing-order+json;v=1';

const DAY_MS = 24 * 3_600_000;
/** How long a standing order may stand. */
export const MAX_STANDING_MS = 366 * DAY_MS;
/** The least distance of slots. */
const LEAST_DISTANCE_MS = 60_000;
/** Of expiry and lateness together: a host forgets an order's id a week after its expiry, so no slot comes twice. */
const MAX_OPEN_MS = 7 * DAY_MS;

/** Host names, globs, or `@role`, as in a grant; a host knows its name and its roles. */
const hostWordsSchema = z.array(z.string().min(1).max(128)).max(1000);

/** For whom it is, in a form in which a host sees by itself whether it is meant. */
const standingTargetSchema = z.strictObject({ hosts: hostWordsSchema.min(1), except: hostWordsSchema });

/** What an operator lets a scheduler ask for again and again. Times in milliseconds since 1970. */
export const standingOrderSchema = z
  .strictObject({
    fleet: fleetNameSchema,
    schedule: scheduleNameSchema,
    /** Which step of the turn of each host it is for, counted from 1; left out for what the schedule itself asks for. */
    step: z.int().min(1).max(50).optional(),
    /** When it fires, as people write it; hosts do not judge by it. */
    when: z.string().max(500),
    to: standingTargetSchema,
    task: z.string().max(64),
    args: jsonObjectSchema,
    dryRun: z.boolean(),
    limits: z.strictObject({
      /** From the order of a slot to its expiry. */
      expiresInMs: z.int().min(1000),
      deadlineMs: z.int().min(1000),
      /** How long after its slot an order may still be given. */
      lateMs: z.int().min(LEAST_DISTANCE_MS),
    }),
    /**
     * Slots are `anchor` and what is a multiple of `everyMs` away from it: those of an interval exactly, of a cron pattern
     * every minute, so that whoever has a scheduler's key has no more slots than that.
     */
    slots: z.strictObject({ anchor: z.int().min(0), everyMs: z.int().min(LEAST_DISTANCE_MS) }),
    /** The first slot is not before this. */
    notBefore: z.int().min(0),
    /** Slots are before this. */
    notAfter: z.int().min(0),
    issuedAt: z.int().min(0),
    by: z.string().max(256),
  })
  .refine(({ notBefore, notAfter }) => notAfter > notBefore && notAfter - notBefore <= MAX_STANDING_MS, {
    error: 'expected a year at most',
    path: ['notAfter'],
  })
  .refine(({ limits }) => limits.expiresInMs + limits.lateMs <= MAX_OPEN_MS, {
    error: 'expected seven days at most, expiry and lateness together',
    path: ['limits'],
  });
export type StandingOrder = Readonly<z.infer<typeof standingOrderSchema>>;

/** The envelope that schedulers put into their orders. By one operator, or by two where a host's policy wants two. */
export function signStandingOrder(standing: StandingOrder, ...operators: readonly SigningKey[]): string {
  return sealEnvelope(STANDING_ORDER_TYPE, JSON.stringify(standingOrderSchema.parse(standing)), ...operators);
}

/** One schedule's slot is one run, whoever fires it and however often, also after the standing order was changed. */
export function runIdOfSlot(fleet: FleetName, schedule: ScheduleName, slot: number): RunId {
  return runIdOfStep(fleet, { schedule }, slot);
}

/** The same of a step in the turns of a slot's hosts, which is a run of its own; without `step` the slot's run itself. */
export function runIdOfStep(
  fleet: FleetName,
  { schedule, step }: Pick<StandingOrder, 'schedule' | 'step'>,
  slot: number,
): RunId {
  const digest = createHash('sha256')
    .update(JSON.stringify([fleet, schedule, slot, ...(step === undefined ? [] : [step])]))
    .digest();
  return makeRunId(slot, digest.subarray(0, 10));
}
