import type { HostPresence } from '../../src/core/host-presence.ts';
import { jobIdFor, type JobId } from '../../src/core/ids.ts';
import { fleetNameSchema, type HostName } from '../../src/core/names.ts';
import type { Report, ReportEvent } from '../../src/core/report.ts';
import type { Rollout, RolloutAct, RolloutEntry } from '../../src/core/rollout.ts';
import type { RunSnapshot } from '../../src/core/run-snapshot.ts';
import { applyReports, initialRunState } from '../../src/core/run-state.ts';
import type { Run } from '../../src/core/run.ts';
import { decide, type Decision, type RolloutView } from '../../src/rollout/decide.ts';
import { foldProgress } from '../../src/rollout/progress.ts';
import { resumeAfterStop } from '../../src/rollout/resume.ts';
import { ownStep, turnsOf } from '../../src/rollout/turns.ts';
import { presence } from './exercise-broker.ts';
import { outcome, runFixture } from './run-fixture.ts';

const fleet = fleetNameSchema.parse('test');
/** How long the run of a world may be begun: longer than any story. */
const FOREVER_MS = 3_600_000_000;
export const DEADLINE_MS = 60_000;

/**
 * A run that is rolled out, its hosts, and the drivers that take turns at it: what the pure layer says, applied to a
 * world in which anything may happen in between. Orders, reports and time are values.
 */
export class RolloutWorld {
  readonly hosts: readonly HostName[];
  readonly run: Run;
  readonly rollout: Rollout;
  readonly entries: RolloutEntry[] = [];
  readonly acts: RolloutAct[] = [];
  readonly reports: Report[] = [];
  /** Hosts whose order is in their queue, and those that have ended. */
  readonly queued = new Set<HostName>();
  readonly ended = new Map<HostName, boolean>();
  readonly away = new Set<HostName>();
  now: number;

  constructor(rollout: Rollout) {
    const count = rollout.batches.reduce((sum, { size }) => sum + size, 0);
    const { run } = runFixture(Array.from({ length: count }, (_, index) => `h${index}`));
    this.run = { ...run, deadlineMs: DEADLINE_MS, expiresAt: run.createdAt + FOREVER_MS, rollout };
    this.hosts = run.jobs.flatMap(({ to }) => (to.kind === 'host' ? [to.host] : []));
    this.rollout = rollout;
    this.now = run.createdAt;
  }

  view(): RolloutView {
    const state = applyReports(initialRunState(this.run), this.reports);
    const presences = new Map(this.hosts.map((host): [JobId, HostPresence] => [this.#job(host), this.#presence(host)]));
    const snapshot: RunSnapshot = { state, presences, forged: 0, now: this.now };
    const progress = foldProgress(this.rollout, this.hosts, this);
    return {
      ...progress,
      turns: turnsOf({ chain: [{ step: ownStep(this.run.task), state }], snapshot, progress }),
      now: this.now,
    };
  }

  /**
   * One step of a driver. One that `dies` has written down what it would do and done nothing of it; the next queues
   * again what was written down and never heard of, as the real one does when it takes over.
   */
  drive(dies = false): Decision {
    if (!dies) this.#queueAgain();
    const decision = decide(this.view());
    if (decision.kind === 'settle') this.entries.push({ kind: 'settled', at: this.now });
    if (decision.kind === 'release') {
      this.entries.push({ kind: 'released', hosts: [...decision.hosts], at: this.now });
      if (!dies) for (const host of decision.hosts) this.queued.add(host);
    }
    return decision;
  }

  /** A host that has its order ends; nothing happens when it has not, is away or has ended before. */
  end(host: HostName, good: boolean): void {
    if (!this.queued.has(host) || this.ended.has(host) || this.away.has(host)) return;
    this.ended.set(host, good);
    this.#say(host, { kind: 'done', outcome: outcome(good ? 'changed' : 'failed') });
  }

  accept(host: HostName): void {
    if (this.queued.has(host) && !this.ended.has(host) && !this.away.has(host)) this.#say(host, { kind: 'accepted' });
  }

  /** What was said before is said again. */
  repeatReports(): void {
    this.reports.push(...this.reports.slice(0, 20));
  }

  pause(): void {
    this.#act({ kind: 'pause' });
  }

  resume(): void {
    this.#act({ kind: 'resume', afterStop: resumeAfterStop(this.view()) });
  }

  /** Who can write to Redis says again what was said before, the first of it last. */
  repeatActs(): void {
    this.acts.push(...this.acts.toReversed());
  }

  /** Hosts that were given an order and have not ended, whatever anybody knows of it. */
  underWay(): readonly HostName[] {
    const given = this.entries.flatMap((entry) => (entry.kind === 'released' ? entry.hosts : []));
    return given.filter((host) => !this.ended.has(host));
  }

  failures(): number {
    const { forgiven } = this.view();
    return [...this.ended].filter(([host, good]) => !good && !forgiven.has(host)).length;
  }

  hasEnded(): boolean {
    return [...this.view().turns.values()].every(({ status }) => !['held', 'under-way', 'overdue'].includes(status));
  }

  #queueAgain(): void {
    for (const host of this.underWay()) this.queued.add(host);
  }

  #say(host: HostName, event: ReportEvent): void {
    this.reports.push({ job: this.#job(host), host, at: this.now, event });
  }

  #act(act: RolloutAct['act']): void {
    this.now += 1;
    this.acts.push({ fleet, run: this.run.id, at: this.now, by: 'tester@here', act });
  }

  #job(host: HostName): JobId {
    return jobIdFor(this.run.id, host);
  }

  #presence(host: HostName): HostPresence {
    return this.away.has(host) ? { online: false, lastSeenAt: null } : { online: true, presence };
  }
}
