import * as z from 'zod';
import type { Failure } from '../core/outcome.ts';
import { remember, type Work } from '../core/step.ts';
import { packageChangeSchema, transactionHash, type PackageChange, type Transaction } from '../core/transaction.ts';
import { describeChanges } from './describe-changes.ts';

/**
 * Whether the transaction is the one that was approved (`expected` is its hash; null: none was). A job taken up again
 * after a crash has part of it behind it: then the first plan must have been the approved one, and what is left must
 * be part of that.
 */
export function* judgeApproval({ changes }: Transaction, expected: string | null): Work<Failure | null> {
  if (expected === null) return null;
  const first = changesSchema.parse(JSON.parse(yield* remember('first-plan', JSON.stringify(changes))));
  const approved = new Set(first.map(endOf));
  if (
    transactionHash({ changes: first, keptBack: [] }) === expected &&
    changes.every((one) => approved.has(endOf(one)))
  ) {
    return null;
  }
  return {
    kind: 'plan_stale',
    message: `not the transaction that was approved; it would now be: ${describeChanges(changes, []) || 'nothing'}`,
    hint: 'look at the new plan with --dry-run and approve that',
  };
}

const changesSchema = z.array(packageChangeSchema);

function endOf({ package: name, arch, to }: PackageChange): string {
  return JSON.stringify([name, arch, to]);
}
