import type { Clock } from '../core/clock.ts';
import type { JobId } from '../core/ids.ts';
import type { OwnersWord } from '../core/owner-policy.ts';
import type { ReportSink } from '../core/report.ts';
import type { Argv } from '../core/step.ts';
import type { HostPolicy } from '../executor/host-policy.ts';
import type { WorkerBroker } from '../queue/broker.ts';
import type { AuditLog } from './audit-log.ts';
import type { JournalMemory } from './journal-memory.ts';
import type { Ledger } from './ledger.ts';
import type { OwnKey } from './own-key.ts';
import type { TrustKeeper } from './trust-keeper.ts';
import type { Turn } from './turn.ts';
import type { UnderWay } from './under-way.ts';

/** Takes one line, without line end, about one decision. */
export type WorkerLog = (line: string) => void;

/** What the parts of one running worker share. */
export type WorkerContext = {
  readonly broker: WorkerBroker;
  readonly ledger: Ledger;
  readonly audit: AuditLog;
  readonly journals: JournalMemory;
  readonly policy: HostPolicy;
  /** What the host's owner says at this moment. */
  readonly ownersWord: () => Promise<OwnersWord>;
  readonly trust: TrustKeeper;
  /** What this host says is signed with it. */
  readonly hostKey: OwnKey;
  readonly turn: Turn;
  readonly underWay: UnderWay;
  readonly clock: Clock;
  readonly log: WorkerLog;
  /** How celeroot starts itself again, for executors. */
  readonly self: Argv;
  /** Aborted when no job may begin any more. */
  readonly draining: AbortSignal;
  /** Aborted when jobs are left to their executors. */
  readonly leaving: AbortSignal;
  /** Where the reports of a job go; what is not stored when the worker leaves is rejected with its reason. */
  readonly reportsOf: (job: JobId) => ReportSink;
  /** Called when a job may have changed the host. */
  readonly onHostChanged: () => void;
};
