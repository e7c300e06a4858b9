import type { Failure } from './outcome.ts';

/**
 * Whether the same request would fail the same way again: what stands in its way is the request itself, or a decision
 * somebody made on the host. Its hint says what to ask for, or to decide, instead.
 */
export function failsAgain({ kind }: Failure): boolean {
  return LASTING.has(kind);
}

const LASTING: ReadonlySet<string> = new Set([
  'removal_not_allowed',
  'downgrade_not_allowed',
  'held',
  'essential',
  'excluded',
  'denied',
  'plan_stale',
  'no_such_package',
  'no_such_version',
  'no_candidate',
  'virtual_package',
  'no_such_unit',
  'unit_masked',
  'no_systemd',
]);
