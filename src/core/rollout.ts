import * as z from 'zod';
import { runIdSchema } from './ids.ts';
import { fleetNameSchema, hostNameSchema } from './names.ts';

/** Something that each host does in its turn. */
const stepSchema = z.strictObject({
  /** The run it is a job of: one that belongs to the roll-out, or with null the rolled-out run itself. */
  run: runIdSchema.nullable(),
  /** `before` and `after` are looks at the host (`system.check`) that are held against each other. */
  what: z.enum(['before', 'task', 'after']),
  task: z.string().max(64),
  /** Done also when what came before it has failed. */
  always: z.boolean(),
  /** Its failure is told, and no more. */
  mayFail: z.boolean(),
  /** How long after what came before it begins, milliseconds. */
  waitMs: z.int().min(0),
});
export type RolloutStep = Readonly<z.infer<typeof stepSchema>>;

/**
 * How a run proceeds over its hosts, in numbers; part of its signed record. The hosts of the batches are those of the
 * run's jobs, in their order.
 */
export const rolloutSchema = z.strictObject({
  batches: z
    .array(
      z.strictObject({
        /** For people: `canary`, or a number, or the label its hosts have in common. */
        name: z.string().max(200),
        /** What its hosts have in common, where hosts that differ in that are never under way at once. */
        group: z.string().max(200).optional(),
        size: z.int().min(1),
        /** The roll-out stops when more hosts of the batch than that have failed. */
        maxFailures: z.int().min(0),
      }),
    )
    .min(1)
    .max(100_000),
  /** The same over all batches. */
  maxFailures: z.int().min(0),
  /** It waits while more hosts than that, whose turn has come, cannot be reached. */
  maxUnreachable: z.int().min(0),
  /** How long it waits after a batch before it begins the next, milliseconds. */
  soakMs: z.int().min(0),
  /** What a host does in its turn, in that order; left out where that is its job of this run and no more. */
  steps: z.array(stepSchema).min(1).max(50).optional(),
  /** What a host must keep within after its turn. */
  limits: z
    .strictObject({ loadPerCore: z.number().min(0).nullable(), diskFreePercent: z.number().min(0).nullable() })
    .optional(),
});
export type Rollout = Readonly<z.infer<typeof rolloutSchema>>;

/** What the driver of a roll-out has done; written before it is done, so that whoever takes over knows. */
export const rolloutEntrySchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('released'), hosts: z.array(hostNameSchema).min(1) }),
  /** All that had begun has ended. */
  z.strictObject({ kind: z.literal('settled') }),
]);
/** With the time that Redis gave it, milliseconds since 1970. */
export type RolloutEntry = Readonly<z.infer<typeof rolloutEntrySchema>> & { readonly at: number };

/** What an operator has a roll-out do; signed. */
export const rolloutActSchema = z.strictObject({
  fleet: fleetNameSchema,
  run: runIdSchema,
  /** Milliseconds since 1970. */
  at: z.int().min(0),
  by: z.string().max(256),
  act: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('pause') }),
    z.strictObject({
      kind: z.literal('resume'),
      /** After a stop: the hosts whose failures are looked at, and how those that are left go on. */
      afterStop: z
        .strictObject({
          forgiven: z.array(hostNameSchema).max(100_000),
          hosts: z.array(hostNameSchema).max(100_000),
          batches: rolloutSchema.shape.batches,
        })
        .nullable(),
    }),
  ]),
});
export type RolloutAct = Readonly<z.infer<typeof rolloutActSchema>>;
