import * as z from 'zod';
import { digestSchema, journalHeadSchema } from '../core/chain-head.ts';
import { jobIdSchema } from '../core/ids.ts';
import { fleetNameSchema, hostNameSchema } from '../core/names.ts';
import { refusalCodeSchema } from '../core/report.ts';

const shortText = z.string().max(500);
const keySchema = z.string().max(64);

/** What a host writes into its audit log; one a line. */
export const hostEventSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('log-begun'), fleet: fleetNameSchema, host: hostNameSchema }),
  z.strictObject({ kind: z.literal('worker-started'), version: z.string().max(64) }),
  z.strictObject({ kind: z.literal('worker-stopped') }),
  /** An order that will be carried out; `order` is the SHA-256 of its envelope, `log` the journal it came from. */
  z.strictObject({
    kind: z.literal('accepted'),
    job: jobIdSchema,
    task: z.string().max(64),
    order: digestSchema,
    key: keySchema,
    /** Who else has signed: the second operator, or the operators of the standing order that was fired. */
    also: z.array(keySchema).max(2).optional(),
    by: z.string().max(256),
    log: journalHeadSchema.nullable(),
  }),
  /** `unwritten`: refusals before this one that are not in the log, because there were too many. */
  z.strictObject({
    kind: z.literal('refused'),
    job: z.string().max(128),
    code: refusalCodeSchema,
    order: digestSchema,
    unwritten: z.int().min(0),
  }),
  /** An executor is started for the job. */
  z.strictObject({ kind: z.literal('begun'), job: jobIdSchema }),
  /** The executor before died; `attempt` counts from 2. */
  z.strictObject({ kind: z.literal('begun-again'), job: jobIdSchema, attempt: z.int().min(2) }),
  /** dpkg was found dirty and is being repaired. */
  z.strictObject({ kind: z.literal('recovering'), job: jobIdSchema }),
  z.strictObject({ kind: z.literal('cancel-honoured'), job: jobIdSchema, by: z.string().max(256) }),
  /** `why`: the kind of failure, or the code of a refusal. */
  z.strictObject({
    kind: z.literal('ended'),
    job: jobIdSchema,
    status: z.string().max(32),
    why: z.string().max(64).nullable(),
  }),
  /** The host is about to sign with another key; `was` is the one until then. */
  z.strictObject({ kind: z.literal('key-replaced'), job: jobIdSchema, was: keySchema, key: keySchema }),
  z.strictObject({ kind: z.literal('trust-taken'), version: z.int().min(1), trust: digestSchema }),
  /** An order brought a journal that was longer before, or had another line there: it was cut or rewritten. */
  z.strictObject({
    kind: z.literal('journal-went-back'),
    job: jobIdSchema,
    was: journalHeadSchema,
    came: journalHeadSchema,
  }),
  /** The machine stopped in the middle of a line, which was taken away. */
  z.strictObject({ kind: z.literal('line-repaired'), bytes: z.int().min(1) }),
  /** The last line could not be read when the log was opened: somebody else wrote to the file. */
  z.strictObject({ kind: z.literal('damage-found'), line: z.int().min(0) }),
  /** Entries that could not be written, by a full disk for instance. */
  z.strictObject({ kind: z.literal('entries-lost'), count: z.int().min(1), why: shortText }),
]);
export type HostEvent = Readonly<z.infer<typeof hostEventSchema>>;
