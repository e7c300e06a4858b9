import { createHash } from 'node:crypto';
import * as z from 'zod';

/** What happens to one package. `reinstall` repairs a package whose version stays. */
const changeActionSchema = z.enum(['install', 'upgrade', 'downgrade', 'reinstall', 'remove', 'purge', 'configure']);
export type ChangeAction = z.infer<typeof changeActionSchema>;

export const packageChangeSchema = z.strictObject({
  package: z.string().max(256),
  arch: z.string().max(64),
  action: changeActionSchema,
  /** Version before; null when it was not installed. */
  from: z.string().max(256).nullable(),
  /** Version after; null when it is no longer installed. */
  to: z.string().max(256).nullable(),
  /** apt's own words, e.g. `Debian-Security:12/stable-security`; null when apt does not say. */
  origin: z.string().max(512).nullable(),
  security: z.boolean(),
});
export type PackageChange = Readonly<z.infer<typeof packageChangeSchema>>;

/** Why an upgrade that exists is not in the transaction. */
const keptBackSchema = z.strictObject({
  package: z.string().max(256),
  from: z.string().max(256).nullable(),
  to: z.string().max(256).nullable(),
  reason: z.enum(['held', 'excluded', 'phased', 'dependency', 'not-security']),
});
export type KeptBack = Readonly<z.infer<typeof keptBackSchema>>;

/** What a job would change on its host, as apt's simulation says; sorted by package and architecture. */
export const transactionSchema = z.strictObject({
  changes: z.array(packageChangeSchema).max(20_000).readonly(),
  keptBack: z.array(keptBackSchema).max(20_000).readonly(),
});
export type Transaction = { readonly changes: readonly PackageChange[]; readonly keptBack: readonly KeptBack[] };

export const EMPTY_TRANSACTION: Transaction = { changes: [], keptBack: [] };

/**
 * Equal for two hosts exactly when the same changes would be made on both, whatever order apt named them in and
 * whatever is kept back. Hex SHA-256.
 */
export function transactionHash(transaction: Transaction): string {
  const lines = transaction.changes
    .map((change) => JSON.stringify([change.package, change.arch, change.action, change.from, change.to]))
    .toSorted();
  return createHash('sha256').update(lines.join('\n')).digest('hex');
}
