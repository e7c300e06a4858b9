import * as z from 'zod';
import { hostNameSchema, type HostName } from './names.ts';

/** 26 characters of Crockford's base32: 48 bits of time, 80 of chance (https://github.com/ulid/spec). */
export const runIdSchema = z
  .string()
  .regex(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/, { error: 'expected a run id of 26 characters' })
  .brand<'RunId'>();
export type RunId = z.infer<typeof runIdSchema>;

/** The name of the one job of a run that goes to any host of a role; no host can be called so. */
const ANY_HOST = '_any';

/**
 * `<run id>.<host>`: the id of the order, the BullMQ job, the ledger folder and the unit that runs it. One run can
 * give a host one job only, so the id is derived and a resubmitted order has the id it had before.
 */
export const jobIdSchema = z
  .string()
  .refine((id) => runIdSchema.safeParse(id.slice(0, 26)).success && id[26] === '.', {
    error: 'expected <run id>.<host>',
  })
  .refine((id) => id.slice(27) === ANY_HOST || hostNameSchema.safeParse(id.slice(27)).success, {
    error: 'expected <run id>.<host>',
  })
  .brand<'JobId'>();
export type JobId = z.infer<typeof jobIdSchema>;

/** The id of a run's job for a host, or for any host of a role when `host` is null. */
export function jobIdFor(run: RunId, host: HostName | null): JobId {
  return jobIdSchema.parse(`${run}.${host ?? ANY_HOST}`);
}

/** The run a job belongs to. */
export function runOf(job: JobId): RunId {
  return runIdSchema.parse(job.slice(0, 26));
}

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** When a run was made, by the id it was given then; milliseconds since 1970. */
export function madeAt(run: RunId): number {
  // Ten digits of five bits, of which the first two are nothing.
  let time = 0;
  for (const digit of run.slice(0, 10)) time = time * 32 + CROCKFORD.indexOf(digit);
  return time;
}

/**
 * Makes a run id from the time in milliseconds since 1970 and ten random bytes; ids sort by time.
 * @throws RangeError when `random` is not ten bytes.
 */
export function makeRunId(atMs: number, random: Uint8Array): RunId {
  if (random.length !== 10) throw new RangeError('a run id needs ten random bytes');
  let bits = BigInt(Math.trunc(atMs)) & 0xffff_ffff_ffffn;
  for (const byte of random) bits = (bits << 8n) | BigInt(byte);
  let id = '';
  for (let index = 0; index < 26; index += 1) {
    id = CROCKFORD.charAt(Number(bits & 31n)) + id;
    bits >>= 5n;
  }
  return runIdSchema.parse(id);
}
