import { UsageError } from '../../core/errors.ts';

/** Reads `--concurrency`; the schema holds it to its range. @throws UsageError when it is no whole number. */
export function readConcurrency(text: string | undefined): number | null {
  if (text === undefined) return null;
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new UsageError('USAGE', `--concurrency: expected a whole number of 1 or more, got ${JSON.stringify(text)}`, {
    hint: 'what is allowed: celeroot config explain roles/NAME/concurrency',
  });
}
