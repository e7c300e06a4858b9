import type { Run } from '../core/run.ts';
import { applyReports, initialRunState } from '../core/run-state.ts';
import type { ControllerBroker } from '../queue/broker.ts';
import type { Lock } from '../queue/rollout-broker.ts';
import { turnsOf } from '../rollout/turns.ts';
import { believeReports } from './believe-reports.ts';
import { readRuns } from './believe-runs.ts';
import { chainReader, unlessForged } from './chain-reader.ts';
import { hasTurnsAlone, overAt, rolledHosts, type RolledRun } from './rolled-run.ts';
import type { Witness } from './witness.ts';

/** Locks that fit a run which somebody has signed who may, with all its steps, and how many there are that fit none. */
export type FoundLocks = { readonly locks: readonly Lock[]; readonly forged: number };

/**
 * Frees hosts whose turn is over though nobody said so, because nobody drives the run any more: by what they have
 * signed themselves. Returns the locks that still count.
 */
export async function reapLocks(broker: ControllerBroker, witness: Witness, now: number): Promise<FoundLocks> {
  const locks = await broker.rollouts.locks();
  const byRun = Map.groupBy(locks, ({ run }) => run);
  const { runs } = await readRuns(broker, witness, [...byRun.keys()]);
  const judged = await Promise.all(
    runs.map(async (run) => {
      const ended = await endedLocks(broker, asRolled(run), { held: byRun.get(run.id) ?? [], witness, now });
      return ended === null ? [] : [{ run, ended }];
    }),
  );
  const ended = judged.flat().flatMap((each) => each.ended);
  await broker.rollouts.freeLocks(ended);
  const left = locks.filter((lock) => !ended.includes(lock) && lock.until > now);
  const byId = new Map(judged.flat().map(({ run }) => [run.id, run]));
  const believed = left.filter((lock) => fits(lock, byId.get(lock.run), witness));
  return { locks: believed, forged: left.length - believed.length };
}

/** Locks are not signed, the records of their runs are: whether the run has it that this host is to be changed. */
function fits({ host, roles, alone, until }: Lock, run: Run | undefined, { hosts }: Witness): boolean {
  if (run === undefined || until !== overAt(run) || alone !== hasTurnsAlone(run)) return false;
  const own = hosts.get(host)?.roles ?? [];
  return rolledHosts(run).includes(host) && roles.every((role) => own.includes(role));
}

/** A run of a schedule is none, and its hosts count all the same. */
function asRolled(run: Run): RolledRun {
  return { ...run, rollout: run.rollout ?? { batches: [], maxFailures: 0, maxUnreachable: 0, soakMs: 0 } };
}

type Held = { readonly held: readonly Lock[]; readonly witness: Witness; readonly now: number };

/** Null where nobody can say, because the record of a step is gone or not signed. */
async function endedLocks(
  broker: ControllerBroker,
  run: RolledRun,
  { held, witness, now }: Held,
): Promise<readonly Lock[] | null> {
  const reader = await chainReader(broker, run, witness).catch(unlessForged);
  if (reader === null) return null;
  const hosts = held.map(({ host }) => host);
  const { reports } = await broker.readReports({ run: run.id, hosts });
  const believed = await believeReports(reports, witness);
  const state = applyReports(initialRunState(run), believed.reports);
  const turns = turnsOf({
    chain: await reader.read(state, hosts),
    snapshot: { state, presences: new Map(), forged: 0, now },
    progress: { rollout: run.rollout, released: new Map(held.map(({ host, at }) => [host, at])) },
  });
  return held.filter(({ host }) => {
    const turn = turns.get(host);
    return turn !== undefined && turn.quiet && ['good', 'bad', 'missed'].includes(turn.status);
  });
}
