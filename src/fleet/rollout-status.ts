import type { Clock } from '../core/clock.ts';
import type { JobId } from '../core/ids.ts';
import type { JobTurn, RunSnapshot } from '../core/run-snapshot.ts';
import type { JobState } from '../core/run-state.ts';
import type { Run } from '../core/run.ts';
import type { ControllerBroker } from '../queue/broker.ts';
import { decide, type Turn } from '../rollout/decide.ts';
import { foldProgress, type RolloutHistory } from '../rollout/progress.ts';
import type { RolloutStatus } from '../rollout/status.ts';
import { turnsOf, type Chain } from '../rollout/turns.ts';
import { chainReader, unlessForged } from './chain-reader.ts';
import { isRolled, rolledHosts, type RolledRun } from './rolled-run.ts';
import { historyReader } from './rollout-history.ts';
import type { Witness } from './witness.ts';

/** All that is known of a roll-out. */
export type RolloutKnowledge = {
  readonly snapshot: RunSnapshot;
  readonly chain: Chain;
  readonly history: RolloutHistory;
};

/** How a roll-out stands by its reports and its history. */
export function rolloutStatus(run: RolledRun, { snapshot, chain, history }: RolloutKnowledge): RolloutStatus {
  const progress = foldProgress(run.rollout, rolledHosts(run), history);
  const view = { ...progress, turns: turnsOf({ chain, snapshot, progress }), now: snapshot.now };
  return { view, decision: decide(view) };
}

/** Whoever knows how a roll-out stands. */
export type RolloutWatcher = {
  /**
   * How it stands by what is known of the run now, after what was due was done.
   * @throws RejectedError ROLLOUT_DRIVEN once another has taken over the wheel.
   */
  readonly step: (snapshot: RunSnapshot) => Promise<RolloutStatus>;
};

/** Only looks at a roll-out, which somebody else drives or nobody. */
export async function watchWheel(
  broker: ControllerBroker,
  run: RolledRun,
  options: { readonly witness: Witness; readonly clock: Clock },
): Promise<RolloutWatcher> {
  const history = await historyReader(broker, run, options);
  const chain = await chainReader(broker, run, options.witness);
  return {
    step: async (snapshot) =>
      rolloutStatus(run, {
        snapshot,
        chain: await chain.read(snapshot.state, rolledHosts(run)),
        history: await history.read(),
      }),
  };
}

/** How it stands now, looked at once. */
export async function readRolloutStatus(
  broker: ControllerBroker,
  { run, snapshot }: { readonly run: RolledRun; readonly snapshot: RunSnapshot },
  options: { readonly witness: Witness; readonly clock: Clock },
): Promise<RolloutStatus> {
  return await (await watchWheel(broker, run, options)).step(snapshot);
}

/** The same of any run, to go along with what else is known of it: null for one that is no roll-out or whose steps are gone. */
export async function findRolloutStatus(
  broker: ControllerBroker,
  { run, snapshot }: { readonly run: Run; readonly snapshot: RunSnapshot },
  options: { readonly witness: Witness; readonly clock: Clock },
): Promise<RolloutStatus | null> {
  return isRolled(run) ? await readRolloutStatus(broker, { run, snapshot }, options).catch(unlessForged) : null;
}

/** The snapshot with what the turns of hosts say of their jobs. */
export function withTurns(snapshot: RunSnapshot, { view }: RolloutStatus): RunSnapshot {
  const turns = new Map<JobId, JobTurn>();
  for (const job of snapshot.state.jobs.values()) {
    const turn = job.to.kind === 'host' ? view.turns.get(job.to.host) : undefined;
    const said = turn === undefined ? null : jobTurn(job, turn);
    if (said !== null) turns.set(job.id, said);
  }
  return { ...snapshot, turns };
}

function jobTurn({ id, firstWordAt }: JobState, { status, why, due }: Turn): JobTurn | null {
  if (why !== null) return { kind: 'failed', why };
  if (firstWordAt !== null || due === id || status === 'missed') return null;
  return { kind: 'held', begun: status !== 'held' };
}
