import * as z from 'zod';
import { aptTime, isHistoryFile, parseHistory, type AptRun, aptRunSchema } from '../apt/parse-history.ts';
import { digestSchema, rememberedJournalSchema } from '../core/chain-head.ts';
import { listNames, readAudit, readText, tellOutput, type AuditExcerpt, type Work } from '../core/step.ts';
import { defineTask, type Task } from './task.ts';

const argsSchema = z.strictObject({
  from: z.int().min(0).default(0).describe('The line of the host’s audit log to begin with; 0 or 1 for all of it.'),
  since: z
    .int()
    .min(0)
    .nullable()
    .default(null)
    .describe('apt’s history from then on, milliseconds since 1970; by default since the audit log began.'),
});

/** Whose apt was that? `celeroot`: a job of this host at the time; `forged`: its mark names none. */
const originSchema = z.enum(['celeroot', 'outside', 'forged']);

/** A line of the job's output. */
export const auditRecordSchema = z.union([
  z.strictObject({ line: z.string() }),
  z.strictObject({ apt: aptRunSchema, at: z.int().nullable(), origin: originSchema }),
]);

export const auditResultSchema = z.strictObject({
  /** The number of the first line in the output, and of the one to go on with; null when all is told. */
  from: z.int().min(1),
  next: z.int().min(1).nullable(),
  size: z.int().min(0),
  head: digestSchema.or(z.literal('')),
  id: digestSchema.nullable(),
  /** What the host finds wrong with its own log. */
  broken: z.strictObject({ line: z.int().min(0), what: z.string().max(32) }).nullable(),
  journals: z.array(rememberedJournalSchema).max(64),
  /** Files of apt's history that cannot be read. */
  unreadable: z.array(z.string().max(300)).max(100),
});

/** The rest is for the next job. */
const MOST_BYTES = 4 * 1024 * 1024;
const HISTORY_FOLDER = '/var/log/apt';

/** The host's audit log and apt's history, as output of the job: `celeroot audit verify` holds them against each other. */
export const auditRead: Task = defineTask({
  name: 'audit.read',
  summary: 'Hand over the host’s audit log and apt’s own history',
  args: argsSchema,
  result: auditResultSchema,
  changesHost: false,
  commandLine: { options: [] },
  example: 'celeroot run audit.read --host web1',
  *perform({ from, since }) {
    const excerpt = yield* readAudit(Math.max(1, from), MOST_BYTES);
    yield* tellRecords(excerpt.lines.map((line) => ({ line })));
    const isLast = excerpt.next === null;
    const { runs, unreadable } = isLast ? yield* historySince(since ?? excerpt.begunAt ?? 0, excerpt) : NO_HISTORY;
    yield* tellRecords(runs);
    const { next, size, head, id, broken, journals } = excerpt;
    return {
      status: 'unchanged',
      summary: `${size} lines in the audit log${isLast ? `, ${runs.length} runs of apt` : ''}`,
      transaction: null,
      data: {
        from: Math.max(1, from),
        next,
        size,
        head,
        id,
        broken,
        journals: [...journals],
        unreadable: unreadable.slice(0, 100),
      } satisfies z.output<typeof auditResultSchema>,
      health: null,
      failure: null,
    };
  },
});

type HistoryRecord = {
  readonly apt: AptRun;
  readonly at: number | null;
  readonly origin: z.output<typeof originSchema>;
};

function* tellRecords(records: readonly z.output<typeof auditRecordSchema>[]): Work<void> {
  const text = records.map((record) => `${JSON.stringify(record)}\n`).join('');
  if (text !== '') yield* tellOutput(text);
}

type History = { readonly runs: readonly HistoryRecord[]; readonly unreadable: readonly string[] };

const NO_HISTORY: History = { runs: [], unreadable: [] };

/** apt's runs from `since` on, oldest first. */
function* historySince(since: number, { jobs }: AuditExcerpt): Work<History> {
  const names = (yield* listNames(HISTORY_FOLDER)).filter(isHistoryFile);
  const records: HistoryRecord[] = [];
  const unreadable: string[] = [];
  for (const name of names) {
    const path = `${HISTORY_FOLDER}/${name}`;
    const text = yield* readOrNull(path);
    if (text === null) unreadable.push(path.slice(0, 300));
    for (const apt of parseHistory(text ?? '')) {
      const at = aptTime(apt.start);
      if (at === null || at >= since - SECOND_MS) records.push({ apt, at, origin: originOf({ apt, at }, jobs) });
    }
  }
  return { runs: records.toSorted((one, other) => (one.at ?? 0) - (other.at ?? 0)), unreadable };
}

/** A file that is no gzip, or was rotated away meanwhile, does not hide the others. */
function* readOrNull(path: string): Work<string | null> {
  try {
    return yield* readText(path);
  } catch {
    return null;
  }
}

const SECOND_MS = 1000;
const HOUR_MS = 3600 * SECOND_MS;
/** apt and the audit log are written by one clock, which may be set meanwhile. */
const SLACK_MS = 5 * SECOND_MS;

function originOf(
  { apt: { job }, at }: Pick<HistoryRecord, 'apt' | 'at'>,
  jobs: AuditExcerpt['jobs'],
): HistoryRecord['origin'] {
  if (job === null) return 'outside';
  const times = jobs.get(job);
  if (times === undefined || at === null) return 'forged';
  const to = times.to ?? Infinity;
  // The hour that comes twice when summer time ends can be either.
  const isThen = [at, at + HOUR_MS].some((time) => time >= times.from - SLACK_MS && time <= to + SLACK_MS);
  return isThen ? 'celeroot' : 'forged';
}
