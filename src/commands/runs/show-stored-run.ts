import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { RejectedError } from '../../core/errors.ts';
import { formatDuration } from '../../core/duration.ts';
import { groupPlans, type PlanGroup } from '../../core/plan-groups.ts';
import { statusIn, type RunSnapshot } from '../../core/run-snapshot.ts';
import { summarizeRun, type JobState } from '../../core/run-state.ts';
import type { RolloutStep } from '../../core/rollout.ts';
import type { Run } from '../../core/run.ts';
import { candidatesIn } from '../../fleet/candidates.ts';
import { findRun } from '../../fleet/find-run.ts';
import { readSnapshot } from '../../fleet/follow-run.ts';
import { isRolled } from '../../fleet/rolled-run.ts';
import { readRolloutStatus, withTurns } from '../../fleet/rollout-status.ts';
import type { RolloutStatus } from '../../rollout/status.ts';
import { rolloutText, undrivenText } from '../../terminal/rollout-text.ts';
import { witnessOf } from '../../fleet/witness.ts';
import { describeJob, describeTrouble, jobLabel } from '../../terminal/job-text.ts';
import { writeJson } from '../../terminal/json.ts';
import { plainText } from '../../terminal/plain-text.ts';
import { changeText, keptText } from '../../terminal/plan-text.ts';
import { writeProperties } from '../../terminal/properties.ts';
import { summaryText } from '../../terminal/run-view.ts';
import { writeTable, type Cell } from '../../terminal/table.ts';
import { formatMoment } from '../../terminal/time-text.ts';
import type { Cli } from '../context.ts';
import { celerootFor } from '../edit-fleet.ts';
import { sharedFlags } from '../flags.ts';
import { loadFleetConfig, openBroker } from '../open-fleet.ts';
import { showRun } from '../run/show-run.ts';
import { warnOfForgeries } from '../run/warn-of-forgeries.ts';
import { writeResults } from '../run/write-results.ts';

type ShowOptions = { readonly word: string; readonly host: string | null; readonly follow: boolean };

/** Shows a run from its record and its reports. */
export async function showStoredRun(cli: Cli, command: CommandUnknownOpts, options: ShowOptions): Promise<void> {
  const { json } = sharedFlags(command);
  const celeroot = celerootFor(command);
  const fleet = await loadFleetConfig(cli, command);
  await using broker = await openBroker(cli, fleet);
  const witness = await witnessOf(fleet, cli.clock.now());
  const run = await findRun(broker, options.word, { witness, celeroot });
  if (options.follow) {
    await showRun(cli, { broker, fleet, run, json, follow: true, wait: true, celeroot });
    return;
  }
  const stored = await readSnapshot(broker, run, { clock: cli.clock, witness, candidatesOf: candidatesIn(fleet) });
  const asked = { witness, clock: cli.clock };
  const rollout = isRolled(run) ? await readRolloutStatus(broker, { run, snapshot: stored }, asked) : null;
  const snapshot = rollout === null ? stored : withTurns(stored, rollout);
  const jobs = jobsOf(snapshot, options.host);
  warnOfForgeries(cli, snapshot);
  const driver = rollout === null ? null : await broker.rollouts.drivenBy(run.id);
  const shown = { jobs, inFull: options.host !== null, celeroot, rollout, driver: driver?.by ?? null };
  if (json) writeJson(cli.stdout, snapshotRecord(snapshot, shown));
  else writeSnapshot(cli, snapshot, shown);
}

/** @throws RejectedError UNKNOWN_HOST when the run has no job for the host. */
export function jobsOf({ state }: RunSnapshot, host: string | null): readonly JobState[] {
  const jobs = [...state.jobs.values()];
  if (host === null) return jobs;
  const found = jobs.filter((job) => job.host === host);
  if (found.length > 0) return found;
  throw new RejectedError('UNKNOWN_HOST', `run ${state.run.id} has no job for host ${host}`, {
    hint: `its hosts are: ${jobs.slice(0, 10).map(jobLabel).join(', ')}${jobs.length > 10 ? ', …' : ''}`,
  });
}

function snapshotRecord(
  snapshot: RunSnapshot,
  { jobs, rollout, driver }: Pick<Shown, 'jobs' | 'rollout' | 'driver'>,
): unknown {
  const { state, forged, oversized = [], now } = snapshot;
  const records = jobs.map((job) => ({ ...job, status: statusIn(snapshot, job), ...failureRecord(job, snapshot) }));
  const stands = rollout === null ? {} : { rollout: { ...rollout.decision, text: rolloutText(rollout), driver } };
  const { jobs: _, ...run } = state.run;
  const plans = state.run.dryRun ? { plans: groupPlans(state).map(planRecord) } : {};
  return { run, summary: summarizeRun(state, now), forged, oversized, ...stands, ...plans, jobs: records };
}

/** Why the turn of a job's host has failed, which the job itself need not say. */
function failureRecord({ id }: JobState, { turns }: RunSnapshot): { readonly turnFailed?: string } {
  const turn = turns?.get(id);
  return turn?.kind === 'failed' ? { turnFailed: turn.why } : {};
}

function planRecord({ transaction, ...group }: PlanGroup): unknown {
  return { ...group, changes: transaction.changes };
}

type Shown = {
  readonly jobs: readonly JobState[];
  readonly inFull: boolean;
  readonly celeroot: string;
  readonly rollout: RolloutStatus | null;
  /** Who drives the roll-out; null when nobody does. */
  readonly driver: string | null;
};

function writeSnapshot(cli: Cli, snapshot: RunSnapshot, shown: Shown): void {
  const { state, now } = snapshot;
  const { jobs, inFull, celeroot } = shown;
  const summary = summaryText(summarizeRun(state, now));
  writeProperties(cli.stdout, [...describeRun(state.run, summary), ...describeRollout(state.run, shown)]);
  cli.stdout.write('\n');
  writeTable(cli.stdout, { head: ['HOST', 'STATUS', '', 'TOOK'], rows: jobs.map((job) => jobRow(job, snapshot)) });
  for (const job of jobs) writeTrouble(cli, job, jobs.length > 1);
  if (inFull) for (const job of jobs) writeInFull(cli, job);
  else writeResults(cli, snapshot, { maxChanges: Infinity, celeroot });
}

function describeRun(run: Run, summary: string): readonly (readonly [string, Cell])[] {
  return [
    ['run', run.id],
    ['task', `${run.task}${run.dryRun ? ' (dry run)' : ''}${argumentsText(run)}`],
    ['target', run.target],
    ['by', run.by],
    ['made', formatMoment(run.createdAt)],
    ['begin until', `${formatMoment(run.expiresAt)}, then at most ${formatDuration(run.deadlineMs)} on a host`],
    ['state', { text: summary, style: 'bold' }],
  ];
}

function describeRollout({ id }: Run, { rollout, driver, celeroot }: Shown): readonly (readonly [string, Cell])[] {
  if (rollout === null) return [];
  const isOver = rollout.decision.kind === 'finished';
  const stands = ['roll-out', rolloutText(rollout)] as const;
  const steps = (rollout.view.rollout.steps ?? []).map(stepRow);
  if (driver !== null) return [stands, ['driven by', driver], ...steps];
  const next = ['driven by', undrivenText(rollout.decision, `${celeroot} runs resume ${id}`)] as const;
  return [stands, ...(isOver ? [] : [next]), ...steps];
}

/** What each host does in its turn, and the run that has what came of it. */
function stepRow({ task, run, always, mayFail }: RolloutStep, index: number): readonly [string, Cell] {
  const notes = [...(always ? ['always'] : []), ...(mayFail ? ['may fail'] : [])];
  const where = run === null ? 'this run' : `run ${run}`;
  return [`step ${index + 1}`, `${task} (${[where, ...notes].join(', ')})`];
}

function jobRow(job: JobState, snapshot: RunSnapshot): readonly Cell[] {
  const { label, symbol, style, status, detail, elapsed } = describeJob(job, snapshot);
  const statusText = `${symbol} ${status}`;
  return [label, style === null ? statusText : { text: statusText, style }, detail, elapsed];
}

function writeTrouble(cli: Cli, job: JobState, withName: boolean): void {
  if (job.end === null) return;
  const prefix = withName ? `${jobLabel(job)}: ` : '';
  for (const line of describeTrouble(job.end)) cli.stdout.write(`${prefix}${line}\n`);
}

function writeInFull(cli: Cli, job: JobState): void {
  const health = job.end !== null && 'outcome' in job.end ? job.end.outcome.health : null;
  if (health !== null && health.held.length > 0) {
    cli.stdout.write(`${plainText(`held by the administrator: ${health.held.join(', ')}`)}\n`);
  }
  writeChanges(cli, job);
}

function writeChanges(cli: Cli, { end, plan }: JobState): void {
  const done = end !== null && 'outcome' in end ? end.outcome.transaction : null;
  const transaction = done ?? plan?.transaction ?? null;
  if (transaction === null) return;
  cli.stdout.write('\n');
  for (const change of transaction.changes) cli.stdout.write(`${change.action.padEnd(10)} ${changeText(change)}\n`);
  for (const kept of transaction.keptBack) cli.stdout.write(`kept back  ${keptText(kept)}\n`);
}

function argumentsText({ args }: Run): string {
  return Object.keys(args).length === 0 ? '' : ` ${JSON.stringify(args)}`;
}
