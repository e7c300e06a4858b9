import type { Clock } from '../core/clock.ts';
import type { RunSnapshot } from '../core/run-snapshot.ts';
import type { ControllerBroker } from '../queue/broker.ts';
import { decide } from '../rollout/decide.ts';
import { foldProgress, type RolloutHistory } from '../rollout/progress.ts';
import type { RolloutStatus } from '../rollout/status.ts';
import { turnsOf, type Chain } from '../rollout/turns.ts';
import { chainReader } from './chain-reader.ts';
import { rolledHosts, type RolledRun } from './rolled-run.ts';
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

/** The snapshot with the jobs whose turn has not come. */
export function withHeld(snapshot: RunSnapshot, { view }: RolloutStatus): RunSnapshot {
  const jobs = [...snapshot.state.jobs.values()];
  const held = jobs.filter(({ id, to, firstWordAt }) => {
    const turn = to.kind === 'host' ? view.turns.get(to.host) : undefined;
    return firstWordAt === null && turn !== undefined && turn.due !== id && turn.status !== 'missed';
  });
  return { ...snapshot, held: new Set(held.map(({ id }) => id)) };
}
