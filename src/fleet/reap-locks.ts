import type { RunId } from '../core/ids.ts';
import { applyReports, initialRunState, isOver } from '../core/run-state.ts';
import type { Run } from '../core/run.ts';
import type { ControllerBroker } from '../queue/broker.ts';
import type { Lock } from '../queue/rollout-broker.ts';
import { believeReports } from './believe-reports.ts';
import { readRuns } from './believe-runs.ts';
import type { Witness } from './witness.ts';

/**
 * Frees hosts whose turn is over though nobody said so, because nobody drives the run any more: by what they have
 * signed themselves. Returns the locks that still count.
 */
export async function reapLocks(broker: ControllerBroker, witness: Witness, now: number): Promise<readonly Lock[]> {
  const locks = await broker.rollouts.locks();
  const byRun = Map.groupBy(locks, ({ run }) => run);
  const { runs } = await readRuns(broker, witness, [...byRun.keys()]);
  const known = new Map<RunId, Run>(runs.map((run) => [run.id, run]));
  const judged = await Promise.all(
    [...byRun].map(async ([id, held]) => {
      const run = known.get(id);
      return run === undefined ? [] : await endedLocks(broker, { run, held, witness, now });
    }),
  );
  const ended = judged.flat();
  await broker.rollouts.freeLocks(ended);
  return locks.filter((lock) => !ended.includes(lock) && lock.until > now);
}

type Held = { readonly run: Run; readonly held: readonly Lock[]; readonly witness: Witness; readonly now: number };

async function endedLocks(broker: ControllerBroker, { run, held, witness, now }: Held): Promise<readonly Lock[]> {
  const { reports } = await broker.readReports({ run: run.id, hosts: held.map(({ host }) => host) });
  const believed = await believeReports(reports, witness);
  const { jobs } = applyReports(initialRunState(run), believed.reports);
  const open = new Set([...jobs.values()].flatMap((job) => (isOver(job, run, now) ? [] : [job.host])));
  return held.filter(({ host }) => !open.has(host));
}
