import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { UsageError } from '../../core/errors.ts';
import { summarizeRun, type RunSummary } from '../../core/run-state.ts';
import type { Run } from '../../core/run.ts';
import { readNewestRuns } from '../../fleet/believe-runs.ts';
import { candidatesIn } from '../../fleet/candidates.ts';
import { readRunEnds, readSnapshot } from '../../fleet/follow-run.ts';
import { hearRefusals, type HeardRefusal } from '../../fleet/hear-hosts.ts';
import { isRolled } from '../../fleet/rolled-run.ts';
import { findRolloutStatus } from '../../fleet/rollout-status.ts';
import { witnessOf } from '../../fleet/witness.ts';
import type { ControllerBroker } from '../../queue/broker.ts';
import type { RolloutStatus } from '../../rollout/status.ts';
import { writeWarning } from '../../terminal/error.ts';
import { writeJson } from '../../terminal/json.ts';
import { restText } from '../../terminal/rollout-text.ts';
import { summaryText } from '../../terminal/run-view.ts';
import { writeTable, type Cell } from '../../terminal/table.ts';
import { formatMoment } from '../../terminal/time-text.ts';
import type { Cli } from '../context.ts';
import { celerootFor } from '../edit-fleet.ts';
import { sharedFlags } from '../flags.ts';
import { loadFleetConfig, openBroker } from '../open-fleet.ts';

type ListedRun = {
  readonly run: Run;
  readonly summary: RunSummary;
  /** Null for what is no roll-out, or has ended. */
  readonly rollout: RolloutStatus | null;
};

/** Lists runs with what became of them, and the orders hosts refused: someone may have sent them besides us. */
export async function listRuns(cli: Cli, command: CommandUnknownOpts, limitText: string): Promise<void> {
  const limit = readLimit(limitText);
  const fleet = await loadFleetConfig(cli, command);
  const witness = await witnessOf(fleet, cli.clock.now());
  await using broker = await openBroker(cli, fleet);
  const audience = { fleet: fleet.fleet, hosts: [...fleet.hosts.values()] };
  const [{ runs, forged }, refusals] = await Promise.all([
    readNewestRuns(broker, witness, limit),
    hearRefusals(broker, audience, limit),
  ]);
  const reading = { witness, clock: cli.clock, candidatesOf: candidatesIn(fleet) };
  const listed = await Promise.all(runs.map(async (run) => await readListed(broker, run, reading)));
  if (forged > 0) writeWarning(cli.stderr, forgedText(forged));
  if (sharedFlags(command).json) {
    writeJson(cli.stdout, { runs: listed.map(runRecord), refusals, forged });
    return;
  }
  if (runs.length === 0) cli.stdout.write(`no runs yet; for example:  ${celerootFor(command)} run system.ping --all\n`);
  else writeTable(cli.stdout, { head: ['RUN', 'WHEN', 'TASK', 'TARGET', 'BY', 'STATE'], rows: listed.map(runRow) });
  if (refusals.length > 0) writeRefusals(cli, refusals);
}

async function readListed(
  broker: ControllerBroker,
  run: Run,
  options: Parameters<typeof readSnapshot>[2],
): Promise<ListedRun> {
  const summary = summarizeRun(await readRunEnds(broker, run, options), options.clock.now());
  if (!isRolled(run) || summary.ended === summary.total) return { run, summary, rollout: null };
  const snapshot = await readSnapshot(broker, run, options);
  return { run, summary, rollout: await findRolloutStatus(broker, { run, snapshot }, options) };
}

function forgedText(forged: number): string {
  const what = forged === 1 ? '1 record' : `${forged} records`;
  return `${what} that nobody you trust has signed ${forged === 1 ? 'was' : 'were'} left out of the runs`;
}

function readLimit(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new UsageError('USAGE', `--limit: expected a whole number from 1 to 9999, got ${JSON.stringify(text)}`, {
    hint: 'for example  --limit 50',
  });
}

function runRecord({ run, summary, rollout }: ListedRun): unknown {
  const { jobs, ...rest } = run;
  return { ...rest, hosts: jobs.length, summary, ...(rollout === null ? {} : { decision: rollout.decision }) };
}

function runRow({ run, summary, rollout }: ListedRun): readonly Cell[] {
  const rest = rollout === null ? '' : restText(rollout);
  const state = [summaryText(summary), ...(rest === '' ? [] : [rest])].join(', ');
  const style =
    summary.bad > 0 || rollout?.decision.kind === 'stopped'
      ? 'red'
      : summary.ended < summary.total
        ? 'yellow'
        : 'green';
  const task = run.dryRun ? `${run.task} (dry run)` : run.task;
  return [run.id, formatMoment(run.createdAt), task, run.target, run.by, { text: state, style }];
}

function writeRefusals(cli: Cli, refusals: readonly HeardRefusal[]): void {
  cli.stdout.write('\nOrders that hosts refused:\n');
  const rows = refusals.map(({ at, host, queue, job, code, message }) => [
    formatMoment(at),
    host,
    queue,
    job,
    code,
    message,
  ]);
  writeTable(cli.stdout, { head: ['WHEN', 'HOST', 'QUEUE', 'JOB', 'CODE', 'WHY'], rows });
}
