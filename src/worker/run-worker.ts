import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkerConfig } from '../config/fleet-config.ts';
import { ownersWordIn } from '../config/owners-word.ts';
import type { Clock } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import { runOf } from '../core/ids.ts';
import { queueNameOf } from '../core/run.ts';
import type { Argv } from '../core/step.ts';
import { OWNER_POLICY_FILE, writeHostPolicy, type HostPolicy } from '../executor/host-policy.ts';
import type { Delivery, WorkerBroker } from '../queue/broker.ts';
import { openWorkerBroker } from '../queue/open.ts';
import { sealReport } from '../trust/sign-report.ts';
import { openAuditLog, type AuditLog } from './audit-log.ts';
import { claimStateDir } from './claim-state-dir.ts';
import { createFactsGatherer } from './gather-facts.ts';
import { hasOwnLogin } from './has-own-login.ts';
import { hostPolicyOf } from './host-policy-of.ts';
import { handleDelivery } from './handle-delivery.ts';
import { openJournalMemory, type JournalMemory } from './journal-memory.ts';
import { openLedger, type Ledger } from './ledger.ts';
import { orAbort } from './or-abort.ts';
import { keepCertificate } from './keep-certificate.ts';
import { openOwnKey, type OwnKey } from './own-key.ts';
import { keepTrust } from './keep-trust.ts';
import { keepPresence } from './presence.ts';
import { queuesOf } from './queues-of.ts';
import { resumeJobs } from './resume-jobs.ts';
import { shutDown, type StopSignals } from './shutdown.ts';
import { openTrustKeeper, type TrustKeeper } from './trust-keeper.ts';
import { createTurn } from './turn.ts';
import { createUnderWay } from './under-way.ts';
import type { WorkerContext, WorkerLog } from './worker-context.ts';

export type WorkerOptions = {
  readonly config: WorkerConfig;
  /** Where the ledger and the jobs are. */
  readonly stateDir: string;
  readonly self: Argv;
  readonly clock: Clock;
  readonly log: WorkerLog;
  /** Where the policy of the host's owner is, when not in the usual place. */
  readonly ownerPolicy?: string;
};

const DAY_MS = 24 * 3_600_000;

/**
 * Serves one host until `stop.drain` is aborted and what shutdown.ts says is done: takes up what the last worker left,
 * then takes jobs from the host's own queue and the queues of its roles. While Redis is away it waits.
 * @throws RejectedError when another worker has the state folder, ConfigError when the folder cannot be used,
 * ConnectionError when Redis refuses the worker or is not fit.
 */
export async function runWorker(options: WorkerOptions, stop: StopSignals): Promise<void> {
  const { config, stateDir, clock, log } = options;
  using _lock = await claimStateDir(stateDir);
  await using ledger = await openLedger(stateDir, clock);
  const { ownerPolicy } = options;
  const policy = { ...hostPolicyOf(config), ...(ownerPolicy !== undefined && { ownerPolicy }) };
  await writeHostPolicy(stateDir, policy);
  const hostKey = await openOwnKey(stateDir, policy);
  await using audit = await openAuditLog({ stateDir, policy, clock, log });
  await using journals = await openJournalMemory(stateDir, log);
  const trust = await openTrustKeeper({ stateDir, policy, clock, log, audit });
  log(`worker of ${policy.host} in fleet ${policy.fleet}: connecting`);
  await using broker = await openUnlessStopped(config, log, stop.drain);
  if (broker !== null) await serve({ ...options, ledger, audit, journals, policy, trust, hostKey, broker }, stop);
}

type Parts = WorkerOptions & {
  readonly ledger: Ledger;
  readonly audit: AuditLog;
  readonly journals: JournalMemory;
  readonly policy: HostPolicy;
  readonly trust: TrustKeeper;
  readonly hostKey: OwnKey;
  readonly broker: WorkerBroker;
};

async function serve(parts: Parts, stop: StopSignals): Promise<void> {
  const { config, broker, log } = parts;
  const leaving = new AbortController();
  const facts = createFactsGatherer();
  const worker = contextOf(parts, { draining: stop.drain, leaving: leaving.signal, onHostChanged: facts.refresh });
  const queues = queuesOf(config);
  await orAbort(worker.trust.refresh(broker), stop.drain).catch(() => undefined);
  await resumeJobs(worker);
  const background = Promise.all([
    keepPresence(
      queues.map(({ queue }) => queue),
      worker,
      stop.drain,
    ),
    keepTrust(worker, stop.drain),
    facts.run(worker, stop.drain),
    pruneDaily(worker, stop.drain),
    daily(async () => await keepCertificate(config.broker, parts), stop.drain),
  ]);
  const consumers = queues.map(({ queue, concurrency }) =>
    broker.consume(queue, concurrency, async (delivery) => await deliver(delivery, worker)),
  );
  log(`ready: serves ${queues.map(({ queue }) => queueNameOf(queue)).join(', ')}`);
  await untilAborted(stop.drain);
  await shutDown({ worker, consumers, leave: () => leaving.abort(), background }, stop.force);
}

async function openUnlessStopped(
  config: WorkerConfig,
  log: WorkerLog,
  stop: AbortSignal,
): Promise<WorkerBroker | null> {
  try {
    return await openWorkerBroker(config.broker, { signal: stop, log, awaitsLogin: hasOwnLogin(config) });
  } catch (error) {
    if (stop.aborted) return null;
    throw error;
  }
}

type Wires = Pick<WorkerContext, 'draining' | 'leaving' | 'onHostChanged'>;

function contextOf(parts: Parts, wires: Wires): WorkerContext {
  const { broker, ledger, audit, journals, policy, trust, hostKey, clock, log, self } = parts;
  return {
    ...wires,
    broker,
    ledger,
    audit,
    journals,
    policy,
    ownersWord: async () => await ownersWordIn(policy.ownerPolicy ?? OWNER_POLICY_FILE),
    trust,
    hostKey,
    clock,
    log,
    self,
    turn: createTurn(),
    underWay: createUnderWay(),
    reportsOf: (job) => async (event) => {
      // A broker that is closed would be asked, and connect again, for ever.
      wires.leaving.throwIfAborted();
      const report = { job, host: policy.host, at: clock.now(), ledger: audit.head(), event };
      await orAbort(broker.report(runOf(job), sealReport(report, hostKey.current())), wires.leaving);
    },
  };
}

/** A job that is left before it is in the ledger stays with the queue, which hands it to the next worker. */
async function deliver(delivery: Delivery, worker: WorkerContext): Promise<void> {
  try {
    await handleDelivery(delivery, worker);
  } catch (error) {
    if (!worker.leaving.aborted) throw error;
    await new Promise<never>(() => undefined);
  }
}

async function pruneDaily({ ledger, log }: WorkerContext, signal: AbortSignal): Promise<void> {
  await daily(
    async () => await ledger.prune().catch((error: unknown) => log(`cannot clear out the ledger: ${messageOf(error)}`)),
    signal,
  );
}

/** Now and every day; `work` must not throw. */
async function daily(work: () => Promise<void>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await work();
    await sleep(DAY_MS, undefined, { signal }).catch(() => undefined);
  }
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
