import type { RunId } from '../core/ids.ts';
import { reportSchema, type Report, type SignedReport } from '../core/report.ts';
import type { StoredReport } from './broker.ts';
import type { Client } from './connection.ts';
import { replies, type Link } from './link.ts';
import { RUN_LIFETIME_MS } from './run-store.ts';
import { parseJsonAs } from '../core/parse-json-as.ts';

/** A host that never stops reporting pushes out the oldest reports of its run, and no other run's. */
const MOST_REPORTS = 1_000_000;
const PAGE = 5000;

/** Kinds of which every job has few; with them the stream's life is prolonged. */
const RARE_KINDS: ReadonlySet<Report['event']['kind']> = new Set([
  'accepted',
  'done',
  'refused',
  'expired',
  'cancelled',
]);

export async function appendReport({ ask, keys }: Link, id: RunId, signed: SignedReport): Promise<void> {
  const key = keys.reports(id);
  const { report, text, signature } = signed;
  await ask(async (client) => {
    const pipeline = client
      .pipeline()
      .xadd(key, 'MAXLEN', '~', MOST_REPORTS, '*', 'report', text, 'signature', signature);
    if (RARE_KINDS.has(report.event.kind)) pipeline.pexpire(key, RUN_LIFETIME_MS);
    replies(await pipeline.exec());
  });
}

/** All reports after `cursor`, a page at a time. */
export async function readReports({ ask, keys }: Link, id: RunId, cursor: string): Promise<readonly StoredReport[]> {
  const all: StoredReport[] = [];
  for (;;) {
    const after = all.at(-1)?.cursor ?? cursor;
    const answer = await ask((client) => client.xread('COUNT', PAGE, 'STREAMS', keys.reports(id), after));
    const page = entriesOf(answer).map(toStoredReport);
    all.push(...page);
    if (page.length < PAGE) return all;
  }
}

/** Waits on its own connection, since one that waits answers nothing else. */
export async function awaitReports(
  client: Client,
  key: string,
  wait: { cursor: string; ms: number },
): Promise<readonly StoredReport[]> {
  const answer = await client.xread('COUNT', PAGE, 'BLOCK', wait.ms, 'STREAMS', key, wait.cursor);
  return entriesOf(answer).map(toStoredReport);
}

type Entry = readonly [id: string, fields: readonly string[]];

function entriesOf(answer: [key: string, items: [id: string, fields: string[]][]][] | null): readonly Entry[] {
  return answer?.[0]?.[1] ?? [];
}

function toStoredReport([cursor, fields]: Entry): StoredReport {
  const [name, text = '', , signature = ''] = fields;
  return { cursor, report: parseJsonAs(reportSchema, name === 'report' ? text : null), text, signature };
}
