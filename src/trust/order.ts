import * as z from 'zod';
import { journalHeadSchema } from '../core/chain-head.ts';
import { jobIdSchema, runIdSchema } from '../core/ids.ts';
import { jsonObjectSchema } from '../core/json.ts';
import { fleetNameSchema } from '../core/names.ts';
import { destinationSchema } from '../core/run.ts';

/** The only accepted type; a host refuses any other, so that an older format cannot be smuggled in. */
export const ORDER_TYPE = 'application/vnd.celeroot.order+json;v=1';

/** Why a scheduler may give an order. */
const firingSchema = z.strictObject({
  /** The envelope of the standing order, which an operator signed. */
  request: z.string().max(128 * 1024),
  /** When the run was due, milliseconds since 1970. */
  slot: z.int().min(0),
});
export type Firing = Readonly<z.infer<typeof firingSchema>>;

/** What a host is told to do. Signed as exact bytes; parsed only after the signature held. */
export const orderSchema = z.strictObject({
  fleet: fleetNameSchema,
  id: jobIdSchema,
  run: runIdSchema,
  to: destinationSchema,
  /** Version of the trust file that the signer had: a host with an older one gets the newer one first. */
  trust: z.int().min(1),
  /** Milliseconds since 1970. */
  issuedAt: z.int().min(0),
  /** Not begun by then, never begun. At most seven days after `issuedAt`. */
  expiresAt: z.int().min(0),
  task: z.string().max(64),
  args: jsonObjectSchema,
  dryRun: z.boolean(),
  /** Package patterns the host's roles keep out of upgrades. */
  exclude: z.array(z.string().max(256)).max(200),
  /** Hash of the only transaction that may be carried out; null when none was approved. */
  expectedPlan: z.string().length(64).nullable(),
  /** How long the job may take once begun, milliseconds; it stops at the next safe point after that. */
  deadlineMs: z.int().min(1000),
  by: z.string().max(256),
  /** How far the signer's journal went with this order in it; null when it keeps none. Hosts remember it. */
  log: journalHeadSchema.nullable(),
  /** In what a scheduler signs. */
  firing: firingSchema.optional(),
});
export type Order = Readonly<z.infer<typeof orderSchema>>;

export const CANCEL_TYPE = 'application/vnd.celeroot.cancel+json;v=1';

/** Stored beside a run; hosts look for it before they start and between phases. */
export const cancelSchema = z.strictObject({
  fleet: fleetNameSchema,
  run: runIdSchema,
  issuedAt: z.int().min(0),
  by: z.string().max(256),
});
export type Cancel = Readonly<z.infer<typeof cancelSchema>>;
