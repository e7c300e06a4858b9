import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { UsageError } from '../../core/errors.ts';
import { summarizeRun, type RunSummary } from '../../core/run-state.ts';
import type { Run } from '../../core/run.ts';
import { witnessOf } from '../../fleet/believe-reports.ts';
import { candidatesIn } from '../../fleet/candidates.ts';
import { readRun } from '../../fleet/follow-run.ts';
import type { Refusal } from '../../queue/broker.ts';
import { writeJson } from '../../terminal/json.ts';
import { summaryText } from '../../terminal/run-view.ts';
import { writeTable, type Cell } from '../../terminal/table.ts';
import { formatMoment } from '../../terminal/time-text.ts';
import type { Cli } from '../context.ts';
import { celerootFor } from '../edit-fleet.ts';
import { sharedFlags } from '../flags.ts';
import { loadFleetConfig, openBroker } from '../open-fleet.ts';

type ListedRun = { readonly run: Run; readonly summary: RunSummary };

/** Lists runs with what became of them, and the orders hosts refused: someone may have sent them besides us. */
export async function listRuns(cli: Cli, command: CommandUnknownOpts, limitText: string): Promise<void> {
  const limit = readLimit(limitText);
  const fleet = await loadFleetConfig(cli, command);
  const witness = await witnessOf(fleet, cli.clock.now());
  await using broker = await openBroker(cli, fleet);
  const [runs, refusals] = await Promise.all([broker.listRuns(limit), broker.refusals([...fleet.hosts.keys()], limit)]);
  const reading = { witness, candidatesOf: candidatesIn(fleet) };
  const listed = await Promise.all(
    runs.map(async (run): Promise<ListedRun> => {
      const { state } = await readRun(broker, run, reading);
      return { run, summary: summarizeRun(state, cli.clock.now()) };
    }),
  );
  if (sharedFlags(command).json) {
    writeJson(cli.stdout, { runs: listed.map(runRecord), refusals });
    return;
  }
  if (runs.length === 0) cli.stdout.write(`no runs yet; for example:  ${celerootFor(command)} run system.ping --all\n`);
  else writeTable(cli.stdout, { head: ['RUN', 'WHEN', 'TASK', 'TARGET', 'BY', 'STATE'], rows: listed.map(runRow) });
  if (refusals.length > 0) writeRefusals(cli, refusals);
}

function readLimit(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new UsageError('USAGE', `--limit: expected a whole number from 1 to 9999, got ${JSON.stringify(text)}`, {
    hint: 'for example  --limit 50',
  });
}

function runRecord({ run, summary }: ListedRun): unknown {
  const { jobs, ...rest } = run;
  return { ...rest, hosts: jobs.length, summary };
}

function runRow({ run, summary }: ListedRun): readonly Cell[] {
  const state = summaryText(summary);
  const style = summary.bad > 0 ? 'red' : summary.ended < summary.total ? 'yellow' : 'green';
  const task = run.dryRun ? `${run.task} (dry run)` : run.task;
  return [run.id, formatMoment(run.createdAt), task, run.target, run.by, { text: state, style }];
}

function writeRefusals(cli: Cli, refusals: readonly Refusal[]): void {
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
