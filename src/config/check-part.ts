import type * as z from 'zod';
import { UsageError } from '../core/errors.ts';
import { expectation, findingsOf } from './describe-issue.ts';

/** Holds what was typed against the schema of a part of the file. @throws UsageError with the first complaint. */
export function checkPart(schema: z.ZodType, value: unknown): void {
  const issue = schema.safeParse(value, { error: expectation, reportInput: true }).error?.issues[0];
  const finding = issue === undefined ? undefined : findingsOf(issue, () => [])[0];
  if (finding === undefined) return;
  throw new UsageError('USAGE', `${finding.path.join('/')}: ${finding.message}`, {
    hint: 'what is allowed: celeroot config explain roles, or hosts',
  });
}

/** @throws UsageError when nothing can be called so. */
export function checkName(schema: z.ZodType, kind: 'host' | 'role', name: string): void {
  const issue = schema.safeParse(name).error?.issues[0];
  if (issue === undefined) return;
  throw new UsageError('USAGE', `${JSON.stringify(name)} cannot be the name of a ${kind}: ${issue.message}`, {
    hint: `see  celeroot ${kind}s add --help`,
  });
}
