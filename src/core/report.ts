import * as z from 'zod';
import { chainHeadSchema } from './chain-head.ts';
import { jobIdSchema } from './ids.ts';
import { hostNameSchema } from './names.ts';
import { outcomeSchema } from './outcome.ts';
import type { SignedByKey } from './signed.ts';
import { PHASES } from './step.ts';
import { transactionSchema } from './transaction.ts';

/** Why a host refused an order; each has one place in trust/verify-order.ts or worker/. */
const REFUSALS = {
  TOO_LARGE: 'the order is larger than 256 KiB',
  MALFORMED: 'the order is not readable',
  UNSIGNED: 'the order has no signature',
  UNKNOWN_KEY: 'the order is signed by a key this host does not trust',
  BAD_SIGNATURE: 'the signature does not fit the order: it was altered or forged',
  WRONG_KIND:
    'the key is of a kind that may not sign that: operators sign orders and standing orders, schedulers what fires one',
  KEY_REVOKED: 'the key that signed the order was revoked',
  NOT_GRANTED: 'the trust file does not let the key ask for this task, on this host, at this time',
  TRUST_EXPIRED: 'the trust file has expired',
  TRUST_TOO_OLD: 'the order or the host needs a newer trust file than the host could get',
  NOT_REQUESTED: 'the scheduler’s order is not what the operator’s standing order says',
  SLOT_OUTSIDE: 'the scheduler’s order is for a time that the standing order does not allow',
  WRONG_FLEET: 'the order is for another fleet',
  WRONG_HOST: 'the order is for another host',
  WRONG_QUEUE: 'the order came through a queue or under a job id that is not its own',
  EXPIRED: 'the order is past its expiry',
  CLOCK_SKEW: 'the order was issued in the future of this host by more than 120 s; check both clocks',
  BEFORE_LEDGER: 'the order is older than this host’s ledger',
  REPLAYED: 'the order was already carried out',
  UNKNOWN_TASK: 'this worker does not know the task',
  INVALID_ARGUMENTS: 'the arguments do not fit the task',
  POLICY_UNUSABLE: 'the policy file of the host cannot be read or is wrong, so nothing that changes the host is begun',
  POLICY_DENIED: 'the policy of the host denies the task',
  SECOND_SIGNER_NEEDED: 'the policy of the host wants the task signed by two operators',
  OUTSIDE_HOURS: 'the policy of the host lets nothing that changes it begin at this hour',
  TASK_NOT_ALLOWED: 'the roles of this host do not allow the task',
} as const;
export type RefusalCode = keyof typeof REFUSALS;
const refusalCodes = Object.keys(REFUSALS) as [RefusalCode, ...RefusalCode[]];
export const refusalCodeSchema = z.enum(refusalCodes);

/** What a host says of an order it refused although it may belong to no run. What others may have written is capped. */
export const refusalSchema = z.strictObject({
  /** Milliseconds since 1970 by the host's clock. */
  at: z.int().min(0),
  queue: z.string().max(200),
  job: z.string().max(500),
  code: refusalCodeSchema,
  message: z.string().max(4000),
});
export type Refusal = Readonly<z.infer<typeof refusalSchema>>;

const eventSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('accepted') }),
  z.strictObject({ kind: z.literal('refused'), code: refusalCodeSchema, message: z.string().max(2000) }),
  /** Waits for its turn on the host (`turn`) or for a lock that `holder` has. */
  z.strictObject({ kind: z.literal('waiting'), for: z.enum(['turn', 'lock']), holder: z.string().max(500).nullable() }),
  z.strictObject({ kind: z.literal('phase'), phase: z.enum(PHASES) }),
  z.strictObject({
    kind: z.literal('progress'),
    phase: z.enum(PHASES),
    /** 0 to 100, within the phase. */
    percent: z.number().min(0).max(100),
    package: z.string().max(256).nullable(),
    text: z.string().max(500),
  }),
  /**
   * A piece of the programs' output as a terminal would show it; `offset` and `end` are its place in the job's output
   * in bytes, of which the text has fewer where lines were written over.
   */
  z.strictObject({
    kind: z.literal('output'),
    offset: z.int().min(0),
    end: z.int().min(0),
    text: z.string().max(16_384),
  }),
  z.strictObject({ kind: z.literal('plan'), transaction: transactionSchema, hash: z.string().length(64) }),
  /** The executor died in mid-job and the worker starts it again. */
  z.strictObject({ kind: z.literal('interrupted'), message: z.string().max(2000) }),
  z.strictObject({ kind: z.literal('done'), outcome: outcomeSchema }),
  /** The expiry passed before the host could start. */
  z.strictObject({ kind: z.literal('expired') }),
  /** Cancelled before anything began. */
  z.strictObject({ kind: z.literal('cancelled'), message: z.string().max(2000) }),
]);
export type ReportEvent = Readonly<z.infer<typeof eventSchema>>;

/** One line of a run's stream. Readers parse it with this schema: it comes over a broker that is not trusted. */
export const reportSchema = z.strictObject({
  job: jobIdSchema,
  /** The host that says so; for a job of a role's queue, the one that took it. */
  host: hostNameSchema,
  /** Milliseconds since 1970 by the sender's clock. */
  at: z.int().min(0),
  /** How far the host's audit log went then; a host that says so cannot take it back. Controllers have none. */
  ledger: chainHeadSchema.optional(),
  event: eventSchema,
});
export type Report = Readonly<z.infer<typeof reportSchema>>;

/** A report as it travels: the exact text that was signed, the signature, and the public key it was made with. */
export type SignedReport = { readonly report: Report } & SignedByKey;

/** What a worker hands its reports to. Resolves when the report is stored; waits while the broker is away. */
export type ReportSink = (event: ReportEvent) => Promise<void>;
