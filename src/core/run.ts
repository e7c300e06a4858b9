import * as z from 'zod';
import { jobIdSchema, runIdSchema } from './ids.ts';
import { jsonObjectSchema } from './json.ts';
import { fleetNameSchema, hostNameSchema, queueNameSchema, scheduleNameSchema, type HostName } from './names.ts';
import { rolloutSchema } from './rollout.ts';

/** Where a job goes: one host's own queue, or a queue that any one host of a role serves. */
export const destinationSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('host'), host: hostNameSchema }),
  z.strictObject({ kind: z.literal('any'), queue: queueNameSchema }),
]);
export type Destination = z.infer<typeof destinationSchema>;

/** The name of a destination's queue; the dot cannot be in `host` or `role`, so the two kinds cannot meet. */
export function queueNameOf(to: Destination): string {
  return to.kind === 'host' ? `host.${to.host}` : `role.${to.queue}`;
}

/** The record of a run: written once, before its first order is queued. What happens to it is in its reports. */
export const runSchema = z.strictObject({
  id: runIdSchema,
  task: z.string().max(64),
  args: jsonObjectSchema,
  dryRun: z.boolean(),
  /** What the operator asked for, e.g. `role webserver`. */
  target: z.string().max(2000),
  jobs: z
    .array(
      z.strictObject({
        id: jobIdSchema,
        to: destinationSchema,
        /** Hash of the approved plan; left out where none was. */
        plan: z.string().length(64).optional(),
        /** For a job of a role's queue, the hosts that served it when the run was made. */
        candidates: z.array(hostNameSchema).max(100_000).optional(),
      }),
    )
    .max(100_000),
  /** Milliseconds since 1970. */
  createdAt: z.int().min(0),
  /** A job that has not begun by then is never begun. Milliseconds since 1970. */
  expiresAt: z.int().min(0),
  /** How long a job may take once begun, milliseconds. */
  deadlineMs: z.int().min(1000),
  /** `user@machine` of the operator. */
  by: z.string().max(256),
  /** The run this one repeats for the hosts that failed, or whose plans it applies. */
  follows: z.strictObject({ run: runIdSchema, as: z.enum(['retry', 'apply']) }).nullable(),
  /** How it proceeds over its hosts; left out where all are given their orders at once. */
  rollout: rolloutSchema.optional(),
  /** The schedule that made it, and when it was due, milliseconds since 1970. */
  slot: z
    .strictObject({
      schedule: scheduleNameSchema,
      at: z.int().min(0),
      /** Which step of its roll-out, counted from 1; left out for the run that is rolled out. */
      step: z.int().min(1).max(50).optional(),
    })
    .optional(),
});
export type Run = Readonly<z.infer<typeof runSchema>>;

/** The text that is signed; with the fleet, since a key may sign for several. */
export const runRecordSchema = z.strictObject({ fleet: fleetNameSchema, run: runSchema });

/** The hosts that may report on a job, by the record of its run. */
export function reportersOf({
  to,
  candidates = [],
}: Pick<Run['jobs'][number], 'to' | 'candidates'>): readonly HostName[] {
  return to.kind === 'host' ? [to.host] : candidates;
}
