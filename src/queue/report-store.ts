import type { RunId } from '../core/ids.ts';
import { parseJsonAs } from '../core/parse-json-as.ts';
import { endsJob } from '../core/run-state.ts';
import { reportSchema, type Report, type SignedReport } from '../core/report.ts';
import type { ReportPage, ReportPlace, ReportQuestion, Speaker, StoredReport } from './broker.ts';
import type { Client } from './connection.ts';
import { isWrongType } from './connection-error.ts';
import { replies, type Link } from './link.ts';
import type { Keys } from './names.ts';
import { findOversized } from './oversized-streams.ts';
import { RUN_LIFETIME_MS } from './run-store.ts';

/** A host that reports without end pushes out its own oldest reports; where it does not, no more are read. */
const MOST_REPORTS = 100_000;
/** Where a reader is in a stream that it reads no further. */
const READ_OUT = { cursor: '0', count: MOST_REPORTS };
/** Streams to a command, and entries that an answer may have when each stream has its share. */
const STREAMS = 100;
const ENTRIES = 10_000;
const LEAST_ENTRIES = 100;

/** Every job has few of these; with them the stream's life is prolonged. */
function isRare(event: Report['event']): boolean {
  return event.kind === 'accepted' || endsJob(event);
}

/** Adds to a speaker's own stream. */
export async function appendReport(
  { ask, keys }: Link,
  { run, from }: { readonly run: RunId; readonly from: Speaker },
  { report, text, signature, key: signedWith }: SignedReport,
): Promise<void> {
  const key = keys.reports(run, from);
  // A host has one key, which is known; of operators there are many.
  const by = from === null ? ['key', signedWith] : [];
  await ask(async (client) => {
    const pipeline = client
      .pipeline()
      .xadd(key, 'MAXLEN', '~', MOST_REPORTS, '*', 'report', text, 'signature', signature, ...by);
    if (isRare(report.event)) pipeline.pexpire(key, RUN_LIFETIME_MS);
    replies(await pipeline.exec());
  });
}

/**
 * All that is there: a page of every stream, many streams to a command, and all commands in one round trip, after one
 * that measures them.
 */
export async function readReports(link: Link, question: ReportQuestion): Promise<ReportPage> {
  const { ask, keys } = link;
  const speakers = speakersOf(question);
  const large = await findOversized(
    link,
    speakers.map((from) => keys.reports(question.run, from)),
  );
  const leftOut = speakers.filter((from) => large.has(keys.reports(question.run, from)));
  let place: ReportPlace = new Map([...(question.after ?? []), ...leftOut.map((from) => [from, READ_OUT] as const)]);
  const pages: (readonly Found[])[] = [];
  let left = stillRead(speakers, place);
  while (left.length > 0) {
    const count = Math.max(LEAST_ENTRIES, Math.floor(ENTRIES / left.length));
    const streams = chunksOf(left).map((chunk) => streamsOf(keys, { ...question, after: place }, chunk));
    const found = (await ask((client) => Promise.all(streams.map((each) => readPage(client, each, { count }))))).flat();
    place = moveOn(place, found);
    pages.push(found);
    const full = found.flatMap(({ from, entries }) => (entries.length < count ? [] : [from]));
    left = stillRead(full, place);
  }
  return { reports: pages.flat().flatMap(toStoredReports), place, oversized: leftOut.filter((from) => from !== null) };
}

/** Waits on its own connection, since one that waits answers nothing else. */
export async function awaitReports(
  client: Client,
  keys: Keys,
  { question, ms }: { readonly question: ReportQuestion; readonly ms: number },
): Promise<ReportPage> {
  const speakers = speakersOf(question);
  const count = Math.max(LEAST_ENTRIES, Math.floor(ENTRIES / Math.max(1, speakers.length)));
  const found = await readPage(client, streamsOf(keys, question, speakers), { count, waitMs: ms });
  return { reports: found.flatMap(toStoredReports), place: moveOn(question.after ?? new Map(), found), oversized: [] };
}

type Stream = { readonly from: Speaker; readonly key: string; readonly cursor: string };
type Entry = readonly [id: string, fields: readonly string[]];
type Found = { readonly from: Speaker; readonly entries: readonly Entry[] };
type Page = { readonly count: number; readonly waitMs?: number };

function speakersOf({ hosts, after }: ReportQuestion): readonly Speaker[] {
  return stillRead([null, ...new Set(hosts)], after ?? new Map());
}

function stillRead(speakers: readonly Speaker[], place: ReportPlace): readonly Speaker[] {
  return speakers.filter((from) => (place.get(from)?.count ?? 0) < MOST_REPORTS);
}

function chunksOf(speakers: readonly Speaker[]): readonly (readonly Speaker[])[] {
  const chunks: (readonly Speaker[])[] = [];
  for (let start = 0; start < speakers.length; start += STREAMS) chunks.push(speakers.slice(start, start + STREAMS));
  return chunks;
}

function streamsOf(keys: Keys, { run, after }: ReportQuestion, speakers: readonly Speaker[]): readonly Stream[] {
  return speakers.map((from) => ({ from, key: keys.reports(run, from), cursor: after?.get(from)?.cursor ?? '0' }));
}

/**
 * Who controls one of the keys can put there what is no stream, at which Redis refuses the whole command: then the
 * others are read without it, and that one has nothing.
 */
async function readPage(client: Client, streams: readonly Stream[], page: Page): Promise<readonly Found[]> {
  try {
    return await read(client, streams, page);
  } catch (error) {
    if (!isWrongType(error)) throw error;
    const asked = await Promise.all(streams.map(async (stream) => ((await isUsable(client, stream)) ? [stream] : [])));
    const usable = asked.flat();
    return [0, streams.length].includes(usable.length) ? [] : await readPage(client, usable, page);
  }
}

async function read(client: Client, streams: readonly Stream[], { count, waitMs }: Page): Promise<readonly Found[]> {
  const keysAndCursors = [...streams.map(({ key }) => key), ...streams.map(({ cursor }) => cursor)];
  const answer =
    waitMs === undefined
      ? await client.xread('COUNT', count, 'STREAMS', ...keysAndCursors)
      : await client.xread('COUNT', count, 'BLOCK', waitMs, 'STREAMS', ...keysAndCursors);
  const byKey = new Map(streams.map(({ key, from }) => [key, from]));
  return (answer ?? []).map(([key, entries]) => ({ from: byKey.get(key) ?? null, entries }));
}

async function isUsable(client: Client, { key }: Stream): Promise<boolean> {
  return ['stream', 'none'].includes(await client.type(key));
}

function moveOn(place: ReportPlace, found: readonly Found[]): ReportPlace {
  const moved = new Map(place);
  for (const { from, entries } of found) {
    const [cursor] = entries.at(-1) ?? [];
    if (cursor === undefined) continue;
    moved.set(from, { cursor, count: (moved.get(from)?.count ?? 0) + entries.length });
  }
  return moved;
}

function toStoredReports({ from, entries }: Found): readonly StoredReport[] {
  return entries.map(([, fields]) => {
    const [name, text = '', , signature = '', , key = ''] = fields;
    return { from, report: parseJsonAs(reportSchema, name === 'report' ? text : null), text, signature, key };
  });
}
