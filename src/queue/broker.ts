import type { RunId, JobId } from '../core/ids.ts';
import type { HostName } from '../core/names.ts';
import type { HostFacts, Presence } from '../core/presence.ts';
import type { RefusalCode, Report, SignedReport } from '../core/report.ts';
import type { Destination, Run } from '../core/run.ts';

/** A signed order on its way into a queue. */
export type Release = { readonly job: JobId; readonly to: Destination; readonly envelope: string };

/** Whose stream something stands in: a host's, or with null the one of operators. */
export type Speaker = HostName | null;

/** One entry of a stream of reports, not believed yet. `report` is null when what stands there is not a report. */
export type StoredReport = Omit<SignedReport, 'report'> & { readonly from: Speaker; readonly report: Report | null };

/** How far a reader has come in each stream of a run. */
export type ReportPlace = ReadonlyMap<Speaker, { readonly cursor: string; readonly count: number }>;

/** Asks for what these hosts, and operators, have reported on a run; all of it, or what came after a place. */
export type ReportQuestion = {
  readonly run: RunId;
  readonly hosts: readonly HostName[];
  readonly after?: ReportPlace;
};

/** Of one host in the order in which it was said; of several hosts in any order. */
export type ReportPage = { readonly reports: readonly StoredReport[]; readonly place: ReportPlace };

/** An order a host refused although it may belong to no run. Everything in it is untrusted text, already capped. */
export type Refusal = {
  readonly host: HostName;
  readonly at: number;
  readonly queue: string;
  readonly job: string;
  readonly code: RefusalCode;
  readonly message: string;
};

/** The broker as the operator's side sees it. Every call fails within seconds with a ConnectionError when Redis is away. */
export type ControllerBroker = AsyncDisposable & {
  /** Stores the record; refuses to overwrite one. */
  readonly saveRun: (run: Run) => Promise<void>;
  /** Queues orders; calls `onQueued` with the number queued so far. Queuing the same job twice queues it once. */
  readonly release: (orders: readonly Release[], onQueued?: (count: number) => void) => Promise<void>;
  readonly getRun: (id: RunId) => Promise<Run | null>;
  /** Newest first. */
  readonly listRuns: (limit: number) => Promise<readonly Run[]>;
  /** All reports that are there now. */
  readonly readReports: (question: ReportQuestion) => Promise<ReportPage>;
  /** Waits up to `waitMs` for reports; empty when none came. One blocking read whatever the number of hosts. */
  readonly awaitReports: (question: ReportQuestion, waitMs: number) => Promise<ReportPage>;
  /** Says something as an operator, where hosts cannot write. */
  readonly appendReport: (id: RunId, report: SignedReport) => Promise<void>;
  readonly setCancelMark: (id: RunId, mark: string) => Promise<void>;
  /** Takes jobs that no worker has begun out of their queues; returns those it could take out. */
  readonly withdraw: (jobs: readonly { readonly job: JobId; readonly to: Destination }[]) => Promise<readonly JobId[]>;
  readonly presences: (hosts: readonly HostName[]) => Promise<ReadonlyMap<HostName, Presence>>;
  /** How long hosts that were online within a month, and are not, have been away; milliseconds. */
  readonly absences: (hosts: readonly HostName[]) => Promise<ReadonlyMap<HostName, number>>;
  readonly facts: (hosts: readonly HostName[]) => Promise<ReadonlyMap<HostName, HostFacts>>;
  /** The newest of these hosts, newest first by their clocks. */
  readonly refusals: (hosts: readonly HostName[], limit: number) => Promise<readonly Refusal[]>;
  readonly newestTrust: () => Promise<number | null>;
  readonly trustOf: (version: number) => Promise<string | null>;
  readonly publishTrust: (version: number, envelope: string) => Promise<void>;
};

/** A job as BullMQ hands it over. Nothing in it has been checked. */
export type Delivery = { readonly queue: Destination; readonly job: string; readonly envelope: string };

/** Takes jobs from one queue until closed. */
export type Consumer = {
  /** Stops taking jobs and waits for those under way; resolves when none is left. */
  readonly drain: () => Promise<void>;
  /** Closes without waiting; the broker hands what was under way to the next worker. */
  readonly close: () => Promise<void>;
};

/** The broker as a host sees it. Calls wait while Redis is away and lose nothing. */
export type WorkerBroker = AsyncDisposable & {
  readonly announce: (host: HostName, presence: Presence, ttlMs: number) => Promise<void>;
  /** Takes the presence back, so that the host is shown offline at once. */
  readonly withdrawPresence: (host: HostName) => Promise<void>;
  readonly saveFacts: (host: HostName, facts: HostFacts) => Promise<void>;
  readonly report: (run: RunId, report: SignedReport) => Promise<void>;
  readonly refuse: (refusal: Refusal) => Promise<void>;
  readonly cancelMark: (run: RunId) => Promise<string | null>;
  /** The highest version of the trust file that is there. */
  readonly newestTrust: () => Promise<number | null>;
  readonly trustOf: (version: number) => Promise<string | null>;
  /** Redis' own time, milliseconds since 1970. */
  readonly serverTime: () => Promise<number>;
  /** Starts taking jobs. `handle` must not throw for anything an order can cause; what it throws is logged and the job counts as not done. */
  readonly consume: (
    queue: Destination,
    concurrency: number,
    handle: (delivery: Delivery) => Promise<void>,
  ) => Consumer;
};
