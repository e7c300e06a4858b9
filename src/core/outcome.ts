import * as z from 'zod';
import { jsonSchema } from './json.ts';
import { transactionSchema } from './transaction.ts';

/** Health of the host's packages after a job, apart from whether the job itself did what it was asked. */
const packageHealthSchema = z.strictObject({
  /** Packages that dpkg does not call fully installed, with dpkg's three-letter state. */
  broken: z.array(z.strictObject({ package: z.string().max(256), state: z.string().max(3) })).max(1000),
  /** `name:arch` of packages that the administrator keeps as they are (`apt-mark hold`). */
  held: z.array(z.string().max(256)).max(1000),
  /** A package asks for it, or a newer kernel is installed than runs. */
  rebootRequired: z.boolean(),
  /** Services that run programs or libraries which were replaced on the disk; absent where nobody looked. */
  servicesToRestart: z.array(z.string().max(256)).max(1000).optional(),
});
export type PackageHealth = z.infer<typeof packageHealthSchema>;

/**
 * How a task ended. `changed` comes from dpkg's own state before and after, never from what a program printed;
 * `planned` is how a dry run ends. `failed` may still have changed something: `transaction` says what.
 */
export const outcomeSchema = z.strictObject({
  status: z.enum(['changed', 'unchanged', 'planned', 'failed', 'cancelled']),
  /** One line for a table, e.g. `nginx 1.22.1-9`. */
  summary: z.string().max(2000),
  /** What was changed or, in a dry run, would be. Null for tasks that are not about packages. */
  transaction: transactionSchema.nullable(),
  /** The task's own structured result; its shape is the task's `result` schema. */
  data: jsonSchema,
  health: packageHealthSchema.nullable(),
  /**
   * Set when `status` is `failed`: a short kind for programs, a sentence for people, and what to do. A dry run has it
   * too when the plan is one that would be refused.
   */
  failure: z
    .strictObject({ kind: z.string().max(64), message: z.string().max(4000), hint: z.string().max(2000).nullable() })
    .nullable(),
});
export type Outcome = Readonly<z.infer<typeof outcomeSchema>>;
export type Failure = Readonly<NonNullable<Outcome['failure']>>;
