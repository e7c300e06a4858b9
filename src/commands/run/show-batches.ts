import { firstOf } from '../../core/first-of.ts';
import { batchesOf } from '../../rollout/plan-batches.ts';
import type { PreparedRun } from '../../fleet/prepare-run.ts';
import { writeJsonLine } from '../../terminal/json.ts';
import { writeTable } from '../../terminal/table.ts';
import { formatDuration } from '../../core/duration.ts';
import type { Cli } from '../context.ts';

/** The batches a run would have its hosts in, before any of them begins. */
export function showBatches(cli: Cli, { assignments, rollout }: PreparedRun, json: boolean): void {
  if (rollout === null) return;
  const hosts = assignments.flatMap(({ to }) => (to.kind === 'host' ? [to.host] : []));
  const members = batchesOf(hosts, rollout.batches);
  const batches = rollout.batches.map((batch, index) => ({ ...batch, hosts: members[index] ?? [] }));
  const { maxFailures, maxUnreachable, soakMs } = rollout;
  if (json) {
    writeJsonLine(cli.stdout, { type: 'rollout', batches, maxFailures, maxUnreachable, soakMs });
    return;
  }
  const rows = batches.map(({ name, size, hosts: names }) => [name, String(size), firstOf(names, MAX_NAMED)]);
  writeTable(cli.stdout, { head: ['BATCH', 'HOSTS', ''], rows });
  const soak = soakMs === 0 ? '' : `, waits ${formatDuration(soakMs)} after each batch`;
  cli.stdout.write(`it stops when more than ${maxFailures} of ${hosts.length} hosts have failed${soak}\n\n`);
}

const MAX_NAMED = 6;
