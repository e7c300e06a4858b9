import * as z from 'zod';
import { chainHeadSchema, digestSchema, journalHeadSchema } from '../core/chain-head.ts';
import { runIdSchema } from '../core/ids.ts';
import { jsonObjectSchema } from '../core/json.ts';
import { fleetNameSchema, hostNameSchema, scheduleNameSchema } from '../core/names.ts';

const keySchema = z.string().max(64);
const bySchema = z.string().max(256);

/** A run of more hosts is written down as their number and a digest of their names. */
export const MOST_NAMED_HOSTS = 100;
/** Longer arguments are written down as their digest. */
export const MOST_ARGUMENT_TEXT = 4096;
/** Heads in one line of the journal. */
export const MOST_HEADS = 100;

const hostHeadSchema = chainHeadSchema.extend({ host: hostNameSchema });
export type HostHead = Readonly<z.infer<typeof hostHeadSchema>>;
/** `at` is the time of that line. */
const datedHeadSchema = hostHeadSchema.extend({ at: z.int().min(0) });

/** What a controller writes into its journal; each before it is done, `seen` and `verified` after. */
export const journalEventSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('journal-begun'), fleet: fleetNameSchema }),
  z.strictObject({
    kind: z.literal('run'),
    run: runIdSchema,
    task: z.string().max(64),
    /** Null when they are long; `argsDigest` is of their JSON text. */
    args: jsonObjectSchema.nullable(),
    argsDigest: digestSchema,
    dryRun: z.boolean(),
    target: z.string().max(2000),
    /** Null when they are many, or it goes to any host of a role; `hostsDigest` is of their names, a line each. */
    hosts: z.array(hostNameSchema).max(MOST_NAMED_HOSTS).nullable(),
    hostCount: z.int().min(0),
    hostsDigest: digestSchema,
    key: keySchema,
    by: bySchema,
  }),
  /** This controller's operator signed, and sent, what another had signed. */
  z.strictObject({
    kind: z.literal('second-signature'),
    run: runIdSchema,
    task: z.string().max(64),
    key: keySchema,
    by: bySchema,
  }),
  z.strictObject({ kind: z.enum(['cancel', 'pause', 'resume']), run: runIdSchema, key: keySchema, by: bySchema }),
  z.strictObject({
    kind: z.literal('trust'),
    version: z.int().min(1),
    trust: digestSchema,
    what: z.string().max(2000),
    by: bySchema,
  }),
  z.strictObject({
    kind: z.literal('host'),
    host: hostNameSchema,
    what: z.enum(['accepted', 'replaced', 'rotated', 'retired', 'renamed']),
    /** Its public key from then on, or the one it had; for `renamed` the name it gets. */
    detail: z.string().max(256),
    by: bySchema,
  }),
  z.strictObject({
    kind: z.literal('schedule-signed'),
    schedule: scheduleNameSchema,
    task: z.string().max(64),
    /** Schedulers may fire it until then. */
    notAfter: z.int().min(0),
    /** SHA-256 of its standing orders, that of the task and those of the steps of its roll-out, a line each. */
    orders: digestSchema,
    key: keySchema,
    by: bySchema,
  }),
  /** Its standing orders were taken out, since it has left the file; they stand where they were copied to. */
  z.strictObject({ kind: z.literal('schedule-unsigned'), schedule: scheduleNameSchema, by: bySchema }),
  z.strictObject({
    kind: z.literal('schedule-paused'),
    schedule: scheduleNameSchema,
    /** Null for until it is resumed. */
    until: z.int().min(0).nullable(),
    key: keySchema,
    by: bySchema,
  }),
  /** No key is needed for it: a pause is taken away. */
  z.strictObject({ kind: z.literal('schedule-resumed'), schedule: scheduleNameSchema, by: bySchema }),
  /** Heads of hosts' logs that their reports of a run bore. */
  z.strictObject({ kind: z.literal('seen'), run: runIdSchema, heads: z.array(hostHeadSchema).max(MOST_HEADS) }),
  /** `celeroot audit verify` found these logs whole up to here. */
  z.strictObject({ kind: z.literal('verified'), heads: z.array(datedHeadSchema).max(MOST_HEADS) }),
  /** An operator knows why what is before these heads, and what hosts remember of journals, is not as it should be. */
  z.strictObject({
    kind: z.literal('findings-accepted'),
    why: z.string().max(500),
    by: bySchema,
    heads: z.array(datedHeadSchema).max(MOST_HEADS),
    journals: z.array(journalHeadSchema).max(MOST_HEADS),
  }),
  z.strictObject({ kind: z.literal('line-repaired'), bytes: z.int().min(1) }),
  z.strictObject({ kind: z.literal('damage-found'), line: z.int().min(0) }),
]);
export type JournalEvent = Readonly<z.infer<typeof journalEventSchema>>;
