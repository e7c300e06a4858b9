import { groupPlans } from '../../core/plan-groups.ts';
import type { RunSnapshot } from '../../core/run-snapshot.ts';
import { findTask } from '../../tasks/registry.ts';
import { jobLabel } from '../../terminal/job-text.ts';
import { writePlans } from '../../terminal/plan-text.ts';
import { writeTable } from '../../terminal/table.ts';
import type { Cli } from '../context.ts';

export type ResultOptions = {
  /** Of each group of plans. */
  readonly maxChanges: number;
  /** `celeroot` as it has to be typed to mean the same configuration. */
  readonly celeroot: string;
};

/** What a run found out, beyond a line per host: the plans of a dry run, or a table of what the hosts listed. */
export function writeResults(cli: Cli, snapshot: RunSnapshot, options: ResultOptions): void {
  writeLists(cli, snapshot);
  if (snapshot.state.run.dryRun) writePlanGroups(cli, snapshot, options);
}

/** One table for all hosts, for tasks whose results are lists. */
function writeLists(cli: Cli, { state }: RunSnapshot): void {
  const table = findTask(state.run.task)?.table;
  const rows = [...state.jobs.values()].flatMap((job) => {
    const data = job.end !== null && 'outcome' in job.end ? job.end.outcome.data : null;
    return (table?.rows(data) ?? []).map((row) => [jobLabel(job), ...row]);
  });
  if (table === undefined || rows.length === 0) return;
  cli.stdout.write('\n');
  writeTable(cli.stdout, { head: ['HOST', ...table.head], rows });
}

function writePlanGroups(cli: Cli, snapshot: RunSnapshot, { maxChanges, celeroot }: ResultOptions): void {
  const { run } = snapshot.state;
  const groups = groupPlans(snapshot.state);
  if (groups.length === 0) return;
  cli.stdout.write('\n');
  writePlans(cli.stdout, groups, maxChanges);
  if (groups.some((group) => group.objection === null && group.transaction.changes.length > 0)) {
    cli.stdout.write(
      `apply exactly this with:  ${celeroot} apply ${run.id}    (a host whose transaction has changed by then refuses)\n`,
    );
  }
}
