import type { Clock } from '../core/clock.ts';
import type { Rollout } from '../core/rollout.ts';
import type { RunSnapshot } from '../core/run-snapshot.ts';
import type { Run } from '../core/run.ts';
import type { ControllerBroker } from '../queue/broker.ts';
import { decide } from '../rollout/decide.ts';
import { foldProgress, type RolloutHistory } from '../rollout/progress.ts';
import type { RolloutStatus } from '../rollout/status.ts';
import { turnsOf } from '../rollout/turns.ts';
import { historyReader } from './rollout-history.ts';
import type { Witness } from './witness.ts';

/** A run that proceeds batch by batch. */
export type RolledRun = Run & { readonly rollout: Rollout };

export function isRolled(run: Run): run is RolledRun {
  return run.rollout !== undefined;
}

/** How a roll-out stands by its reports and its history. */
export function rolloutStatus(run: RolledRun, snapshot: RunSnapshot, history: RolloutHistory): RolloutStatus {
  const hosts = run.jobs.flatMap(({ to }) => (to.kind === 'host' ? [to.host] : []));
  const progress = foldProgress(run.rollout, hosts, history);
  const view = { ...progress, turns: turnsOf(snapshot, progress), now: snapshot.now };
  return { view, decision: decide(view) };
}

/** The same, with its history read now. */
export async function readRolloutStatus(
  broker: ControllerBroker,
  { run, snapshot }: { readonly run: RolledRun; readonly snapshot: RunSnapshot },
  options: { readonly witness: Witness; readonly clock: Clock },
): Promise<RolloutStatus> {
  const history = await historyReader(broker, run, options);
  return rolloutStatus(run, snapshot, await history.read());
}

/** The snapshot with the jobs whose turn has not come. */
export function withHeld(snapshot: RunSnapshot, { view }: RolloutStatus): RunSnapshot {
  const jobs = [...snapshot.state.jobs.values()];
  const held = jobs.filter(({ to }) => to.kind === 'host' && view.turns.get(to.host)?.status === 'held');
  return { ...snapshot, held: new Set(held.map(({ id }) => id)) };
}
