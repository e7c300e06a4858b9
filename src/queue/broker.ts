import type { RunId, JobId } from '../core/ids.ts';
import type { HostUser } from '../core/host-user.ts';
import type { JoinGuest } from '../core/join-guest.ts';
import type { HostName, ScheduleName } from '../core/names.ts';
import type { Report, SignedReport } from '../core/report.ts';
import type { Destination, Run } from '../core/run.ts';
import type { Secret } from '../core/secret.ts';
import type { Signed, SignedByKey } from '../core/signed.ts';
import type { RolloutBroker } from './rollout-broker.ts';
import type { SlotStore } from './slot-store.ts';

/** A signed order on its way into a queue. */
export type Release = { readonly job: JobId; readonly to: Destination; readonly envelope: string };

/** Whose stream something stands in: a host's, or with null the one of operators. */
export type Speaker = HostName | null;

/** One entry of a stream of reports, not believed yet. `report` is null when what stands there is not a report. */
export type StoredReport = Omit<SignedReport, 'report'> & { readonly from: Speaker; readonly report: Report | null };

/** What stands as the pause of each schedule, not believed yet; null for what is none. */
export type StoredPauses = ReadonlyMap<ScheduleName, SignedByKey | null>;

/** How far a reader has come in each stream of a run. */
export type ReportPlace = ReadonlyMap<Speaker, { readonly cursor: string; readonly count: number }>;

/** Asks for what these hosts, and operators, have reported on a run; all of it, or what came after a place. */
export type ReportQuestion = {
  readonly run: RunId;
  readonly hosts: readonly HostName[];
  readonly after?: ReportPlace;
};

/** Of one host in the order in which it was said; of several hosts in any order. */
export type ReportPage = {
  readonly reports: readonly StoredReport[];
  readonly place: ReportPlace;
  /** Whose stream has become larger than is read; from that place on it is left out. */
  readonly oversized: readonly HostName[];
};

/** What stands in a host's stream of refusals. */
export type StoredRefusal = Signed & { readonly from: HostName };

/** A run's record as it stands there; `null` where there is something else under its key. */
export type StoredRun = { readonly id: RunId; readonly record: SignedByKey | null };

export type TrustText = { readonly version: number; readonly envelope: string };

/** Null where there is no version, or nothing under it. */
export type ShownTrust = { readonly [part in keyof TrustText]: TrustText[part] | null };

/**
 * The broker as the operator's side sees it. Every call fails within seconds with a ConnectionError when Redis is away.
 * Nothing that it returns is to be believed before its signature is seen; fleet/ has a function for each.
 */
export type ControllerBroker = AsyncDisposable & {
  /** Stores the record; refuses to overwrite one. */
  readonly saveRun: (run: Pick<Run, 'id' | 'createdAt'>, record: SignedByKey) => Promise<void>;
  /** Queues orders; calls `onQueued` with the number queued so far. Queuing the same job twice queues it once. */
  readonly release: (orders: readonly Release[], onQueued?: (count: number) => void) => Promise<void>;
  /** For runs that proceed batch by batch. */
  readonly rollouts: RolloutBroker;
  /** Newest first. */
  readonly runIds: (limit: number) => Promise<readonly RunId[]>;
  /** Of those that are there. */
  readonly runRecords: (ids: readonly RunId[]) => Promise<readonly StoredRun[]>;
  /** All reports that are there now. */
  readonly readReports: (question: ReportQuestion) => Promise<ReportPage>;
  /** Waits up to `waitMs` for reports; empty when none came. One blocking read whatever the number of hosts. */
  readonly awaitReports: (question: ReportQuestion, waitMs: number) => Promise<ReportPage>;
  /** Says something as an operator, where hosts cannot write. */
  readonly appendReport: (id: RunId, report: SignedReport) => Promise<void>;
  readonly setCancelMark: (id: RunId, mark: string) => Promise<void>;
  /** Takes jobs that no worker has begun out of their queues; returns those it could take out. */
  readonly withdraw: (jobs: readonly { readonly job: JobId; readonly to: Destination }[]) => Promise<readonly JobId[]>;
  /** What hosts last said of themselves, for those that did. */
  readonly presences: (hosts: readonly HostName[]) => Promise<ReadonlyMap<HostName, Signed>>;
  readonly facts: (hosts: readonly HostName[]) => Promise<ReadonlyMap<HostName, Signed>>;
  /** The newest of each of these hosts; of one host newest first. */
  readonly refusals: (hosts: readonly HostName[], limit: number) => Promise<readonly StoredRefusal[]>;
  /** What Redis says the time is, milliseconds since 1970. */
  readonly serverTime: () => Promise<number>;
  /** Removes a host's own queue with what waits in it, its presence, facts and refusals. */
  readonly forgetHost: (host: HostName) => Promise<void>;
  /** What hosts are shown as the newest trust file. */
  readonly shownTrust: () => Promise<ShownTrust>;
  readonly trustOf: (version: number) => Promise<string | null>;
  /** Shows hosts another trust file, unless what they are shown has changed since `shown`; says whether it did. */
  readonly publishTrust: (to: TrustText, shown: ShownTrust) => Promise<boolean>;
  /**
   * Gives a host a user of its own in Redis, or makes the one it has right and ends its connections. Returns what the
   * operator should know, a line each, such as that Redis forgets its users when it restarts.
   */
  readonly setHostUser: (user: HostUser) => Promise<readonly string[]>;
  /** Takes a host's user away and ends its connections; returns the same. */
  readonly dropHostUser: (host: HostName) => Promise<readonly string[]>;
  /** The hosts of this environment that have a user of their own. */
  readonly hostUsers: () => Promise<readonly HostName[]>;
  /** What to change, so that exactly these users are there. */
  readonly compareHostUsers: (wanted: readonly HostUser[]) => Promise<HostUserChanges>;
  /** What schedulers remember. */
  readonly slots: SlotStore;
  /** Which schedules are said to be paused. */
  readonly pauses: () => Promise<StoredPauses>;
  readonly savePause: (name: ScheduleName, pause: SignedByKey) => Promise<void>;
  /** Returns whether it was paused. */
  readonly dropPause: (name: ScheduleName) => Promise<boolean>;
  /** Makes these changes; returns the same as `setHostUser`. */
  readonly changeHostUsers: (changes: HostUserChanges) => Promise<readonly string[]>;
  /** Lets a machine that joins by token in, with this password, until closed. */
  readonly openJoinDoor: (guest: JoinGuest, password: Secret) => Promise<JoinDoor>;
};

/** The controller's side of one join by token. What comes is not believed yet. */
export type JoinDoor = AsyncDisposable & {
  /** What the machine wrote last; empty when nothing came yet. */
  readonly offered: () => Promise<string>;
  readonly reply: (text: string) => Promise<void>;
};

/** The joining machine's side. Every call fails within seconds with an error when Redis is away, or the join is over. */
export type JoinKnock = AsyncDisposable & {
  /** Offers this; false when something else was offered already. */
  readonly offerFirst: (text: string) => Promise<boolean>;
  /** Takes the place of what was offered. */
  readonly offerAnew: (text: string) => Promise<void>;
  readonly replied: () => Promise<string | null>;
};

/** Users of hosts in Redis: those to make, those whose rights or password differ, those of hosts that are gone. */
export type HostUserChanges = {
  readonly add: readonly HostUser[];
  readonly change: readonly HostUser[];
  readonly remove: readonly HostName[];
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
  /** Takes the place of what the host said before. */
  readonly announce: (host: HostName, presence: Signed) => Promise<void>;
  readonly saveFacts: (host: HostName, facts: Signed) => Promise<void>;
  readonly report: (run: RunId, report: SignedReport) => Promise<void>;
  readonly refuse: (host: HostName, refusal: Signed) => Promise<void>;
  readonly cancelMark: (run: RunId) => Promise<string | null>;
  /** The highest version of the trust file that is there. */
  readonly newestTrust: () => Promise<number | null>;
  readonly trustOf: (version: number) => Promise<string | null>;
  /** Redis' own time, milliseconds since 1970. */
  readonly serverTime: () => Promise<number>;
  /**
   * Starts taking jobs. `handle` must not throw for anything an order can cause; what it throws is logged and the job
   * counts as not done.
   */
  readonly consume: (
    queue: Destination,
    concurrency: number,
    handle: (delivery: Delivery) => Promise<void>,
  ) => Consumer;
};
