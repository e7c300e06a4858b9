import { createReadStream } from 'node:fs';
import { checkChain, type Link } from '../audit/chain.ts';
import { hostEventSchema } from '../audit/host-event.ts';
import type { AuditExcerpt } from '../core/step.ts';
import { hasCode } from '../core/system-error.ts';
import type { AuditLog } from './audit-log.ts';
import type { JournalMemory } from './journal-memory.ts';

export type AuditSource = { readonly audit: AuditLog; readonly journals: JournalMemory };

const NEWLINE = 0x0a;

/**
 * Reads the audit log, which may go on growing: all of it is checked against what this worker knows it wrote, and the
 * lines from `from` on are handed over.
 */
export async function readAuditLog(
  { audit, journals }: AuditSource,
  from: number,
  maxBytes: number,
): Promise<AuditExcerpt> {
  const until = audit.head();
  const check = checkChain({ known: [until] });
  const jobs = new Map<string, { from: number; to: number | null }>();
  const lines: string[] = [];
  let [place, bytes] = [0, 0];
  let next: number | null = null;
  let begunAt: number | null = null;
  for await (const line of linesOf(audit.path)) {
    if (place === until.size) break;
    place += 1;
    const link = check.take(line);
    if (place === 1) begunAt = link?.at ?? null;
    if (link !== null) noteJob(jobs, link);
    if (place < from || next !== null) continue;
    bytes += line.length;
    if (bytes > maxBytes && lines.length > 0) next = place;
    else lines.push(line.toString('utf8'));
  }
  const { head, id, broken } = check.end();
  return { lines, next, size: head.size, head: head.head, id, begunAt, broken, jobs, journals: journals.all() };
}

/** Each time of a job that was accepted again is within the first and the last. */
function noteJob(jobs: Map<string, { from: number; to: number | null }>, { at, event }: Link): void {
  const parsed = hostEventSchema.safeParse(event).data;
  if (parsed?.kind === 'accepted') jobs.set(parsed.job, { from: jobs.get(parsed.job)?.from ?? at, to: null });
  const job = parsed?.kind === 'ended' ? jobs.get(parsed.job) : undefined;
  if (job !== undefined) job.to = at;
}

/** The whole lines of a file as bytes, without their ends; what has no end is left out. */
async function* linesOf(path: string): AsyncGenerator<Buffer, void, void> {
  let rest = Buffer.alloc(0);
  try {
    for await (const chunk of createReadStream(path)) {
      if (!(chunk instanceof Buffer)) continue;
      rest = Buffer.concat([rest, chunk]);
      let start = 0;
      for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE, start)) {
        yield rest.subarray(start, end);
        start = end + 1;
      }
      rest = rest.subarray(start);
    }
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
}
