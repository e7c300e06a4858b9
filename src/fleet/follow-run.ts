import type { Clock } from '../core/clock.ts';
import type { HostPresence } from '../core/host-presence.ts';
import type { JobId } from '../core/ids.ts';
import type { HostName } from '../core/names.ts';
import type { Report } from '../core/report.ts';
import type { RunSnapshot } from '../core/run-snapshot.ts';
import {
  applyReports,
  initialRunState,
  isEnded,
  isHeard,
  jobStatus,
  type JobState,
  type RunState,
} from '../core/run-state.ts';
import { reportersOf, type Run } from '../core/run.ts';
import type { ControllerBroker, ReportPage, ReportPlace, ReportQuestion } from '../queue/broker.ts';
import { believeEnds, believeReports, type Believed } from './believe-reports.ts';
import { hearPresences } from './hear-hosts.ts';
import type { Witness } from './witness.ts';

export type FollowOptions = {
  readonly clock: Clock;
  /** Ends the following; the run goes on. */
  readonly signal: AbortSignal;
  readonly witness: Witness;
  /** Which hosts can do a job; for a host's own job that host. */
  readonly candidatesOf: (job: JobState) => readonly HostName[];
  /** Whether to go on though all jobs have ended, for what comes after them. */
  readonly staysFor?: () => boolean;
  /** How long to wait for reports at most before the next update, milliseconds. */
  readonly waitMs?: number;
};

/** The run as it is now, and what was reported since the update before. */
export type FollowUpdate = {
  readonly snapshot: RunSnapshot;
  readonly fresh: readonly Report[];
  /** Whether all jobs have ended, or only those of offline hosts are left. */
  readonly progress: 'going-on' | 'only-offline' | 'ended';
};

const WAIT_MS = 1000;
const PRESENCE_EVERY_MS = 5000;
/** A worker that starts again is away for a moment; a job under way is given up on only after this. */
const AWAY_MS = 120_000;

/**
 * Follows a run: an update for everything that stands in its streams, then one for every batch of reports and at least
 * one a second. Ends after the update that says `ended`, or when the signal is aborted; the caller may stop before.
 */
export async function* followRun(
  broker: ControllerBroker,
  run: Run,
  options: FollowOptions,
): AsyncGenerator<FollowUpdate, void, void> {
  const { clock, signal } = options;
  const presences = watchPresences(broker, options);
  let state = initialRunState(run);
  let forged = 0;
  const oversized = new Set<HostName>();
  let page = await broker.readReports({ run: run.id, hosts: hostsToHear(state, options.candidatesOf) });
  while (!signal.aborted) {
    const believed = await believeReports(page.reports, options.witness);
    const fresh = believed.reports.filter((report) => isHeard(state, report));
    forged += believed.forged;
    for (const host of page.oversized) oversized.add(host);
    state = applyReports(state, fresh);
    const snapshot = { state, presences: await presences(state), forged, oversized: [...oversized], now: clock.now() };
    const progress = progressOf(snapshot);
    yield { snapshot, fresh, progress };
    if (progress === 'ended' && options.staysFor?.() !== true) return;
    const isOpen = (job: JobState): boolean => !isEnded(jobStatus(job, run, snapshot.now));
    const hosts = hostsToHear(state, options.candidatesOf, isOpen);
    const question = { run: run.id, hosts, after: page.place, waitMs: options.waitMs ?? WAIT_MS };
    page = await awaitReports(broker, question, signal);
  }
}

/** A snapshot of a run as it is now, from all its reports. */
export async function readSnapshot(
  broker: ControllerBroker,
  run: Run,
  options: Omit<FollowOptions, 'signal'>,
): Promise<RunSnapshot> {
  const { state, forged, oversized } = await readRun(broker, run, options);
  const presences = await watchPresences(broker, options)(state);
  return { state, forged, oversized, presences, now: options.clock.now() };
}

/** All that was reported of a run, and what it comes to. */
export async function readRun(
  broker: ControllerBroker,
  run: Run,
  options: ReadOptions,
): Promise<Believed & Pick<ReportPage, 'oversized'> & { readonly state: RunState }> {
  const state = initialRunState(run);
  const { reports, oversized } = await broker.readReports({
    run: run.id,
    hosts: hostsToHear(state, options.candidatesOf),
  });
  const believed = await believeReports(reports, options.witness);
  const heard = believed.reports.filter((report) => isHeard(state, report));
  return { reports: heard, forged: believed.forged, oversized, state: applyReports(state, heard) };
}

/** What a run comes to, by as few reports as say so; its jobs lack what is not needed for that. */
export async function readRunEnds(broker: ControllerBroker, run: Run, options: ReadOptions): Promise<RunState> {
  const state = initialRunState(run);
  const { reports } = await broker.readReports({ run: run.id, hosts: hostsToHear(state, options.candidatesOf) });
  return applyReports(state, await believeEnds(state, reports, options.witness));
}

type ReadOptions = Pick<FollowOptions, 'witness' | 'candidatesOf'>;

/** Whoever may report on a job: by the run's record, and by the configuration, which may have changed since. */
function hostsToHear(
  { run, jobs }: RunState,
  candidatesOf: FollowOptions['candidatesOf'],
  isOpen: (job: JobState) => boolean = () => true,
): readonly HostName[] {
  return run.jobs.flatMap((record) => {
    const job = jobs.get(record.id);
    return job === undefined || !isOpen(job) ? [] : [...reportersOf(record), ...candidatesOf(job)];
  });
}

/** Resolves with nothing as soon as the signal is aborted; the read under way ends with the broker. */
async function awaitReports(
  broker: ControllerBroker,
  { waitMs, ...question }: ReportQuestion & { readonly after: ReportPlace; readonly waitMs: number },
  signal: AbortSignal,
): Promise<ReportPage> {
  const aborted = Promise.withResolvers<ReportPage>();
  const nothing = { reports: [], place: question.after, oversized: [] };
  const stop = (): void => aborted.resolve(nothing);
  if (signal.aborted) return nothing;
  signal.addEventListener('abort', stop, { once: true });
  const reading = broker.awaitReports(question, waitMs);
  try {
    return await Promise.race([reading, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', stop);
    reading.catch(() => undefined);
  }
}

type PresenceWatch = (state: RunState) => Promise<ReadonlyMap<JobId, HostPresence>>;

/** Asks now and then for the presence of the hosts whose jobs have not ended. */
function watchPresences(
  broker: ControllerBroker,
  { clock, candidatesOf, witness }: Omit<FollowOptions, 'signal'>,
): PresenceWatch {
  let found: ReadonlyMap<JobId, HostPresence> = new Map();
  let askedAt = -Infinity;
  return async (state) => {
    const now = clock.now();
    const open = [...state.jobs.values()].filter((job) => !isEnded(jobStatus(job, state.run, now)));
    if (now - askedAt >= PRESENCE_EVERY_MS) {
      askedAt = now;
      found = await readPresences(broker, { jobs: open, candidatesOf, clock, witness });
    }
    return new Map(
      open.flatMap((job) => {
        const presence = found.get(job.id);
        return presence === undefined || isBriefAbsence(job, presence, now) ? [] : [[job.id, presence]];
      }),
    );
  };
}

/** By what it said last; where nobody knows when that was, since it told of the job. */
function isBriefAbsence(job: JobState, presence: HostPresence, now: number): boolean {
  if (presence.online || job.activity === null) return false;
  return now - (presence.lastSeenAt ?? job.lastWordAt ?? now) < AWAY_MS;
}

const NEVER_SEEN: HostPresence = { online: false, lastSeenAt: null };

type PresenceQuestion = Omit<FollowOptions, 'signal'> & { readonly jobs: readonly JobState[] };

async function readPresences(
  broker: ControllerBroker,
  { jobs, candidatesOf, clock, witness }: PresenceQuestion,
): Promise<ReadonlyMap<JobId, HostPresence>> {
  const hostsOf = (job: JobState): readonly HostName[] => (job.host === null ? candidatesOf(job) : [job.host]);
  const names = new Set(jobs.flatMap(hostsOf));
  const hosts = [...names].flatMap((name) => witness.hosts.get(name) ?? []);
  const presences = await hearPresences(broker, { fleet: witness.fleet, hosts }, clock);
  const found = new Map<JobId, HostPresence>();
  for (const job of jobs) {
    const judged = hostsOf(job).map((host): HostPresence => presences.get(host) ?? NEVER_SEEN);
    const best = judged.find((presence) => presence.online) ?? judged[0];
    if (best !== undefined) found.set(job.id, best);
  }
  return found;
}

function progressOf({ state, presences, now }: RunSnapshot): FollowUpdate['progress'] {
  const open = [...state.jobs.values()].filter((job) => !isEnded(jobStatus(job, state.run, now)));
  if (open.length === 0) return 'ended';
  return open.every((job) => presences.get(job.id)?.online === false) ? 'only-offline' : 'going-on';
}
