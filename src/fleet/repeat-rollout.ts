import type { FleetConfig } from '../config/fleet-config.ts';
import type { Rollout } from '../core/rollout.ts';
import { initialRunState } from '../core/run-state.ts';
import type { ControllerBroker } from '../queue/broker.ts';
import { repeatBatches } from '../rollout/repeat-batches.ts';
import type { WantedStep } from '../rollout/steps.ts';
import { chainReader } from './chain-reader.ts';
import type { PreparedRun } from './prepare-run.ts';
import { prepareSteps } from './prepare-steps.ts';
import type { RolledRun } from './rolled-run.ts';
import type { Witness } from './witness.ts';

/**
 * What each host did in its turn, by the records of the steps' runs.
 * @throws RejectedError RUN_FORGED when the record of one is gone, or not signed by an operator.
 */
export async function recordedSteps(
  broker: ControllerBroker,
  run: RolledRun,
  witness: Witness,
): Promise<readonly WantedStep[]> {
  if (run.rollout.steps === undefined) return [];
  const reader = await chainReader(broker, run, witness);
  const chain = await reader.read(initialRunState(run), []);
  return chain.map(({ step: { run: id, ...step }, state }) => ({
    step,
    args: id === null ? null : state.run.args,
    place: null,
  }));
}

/**
 * A run that repeats another, rolled out as that was.
 * @throws whatever prepareRun does, for the steps.
 */
export function rollOutAgain(
  fleet: FleetConfig,
  prepared: PreparedRun,
  recorded: { readonly rollout: Rollout; readonly steps: readonly WantedStep[] },
): PreparedRun {
  const hosts = prepared.assignments.flatMap(({ to }) => (to.kind === 'host' ? [to.host] : []));
  const { rollout } = repeatBatches(recorded.rollout, hosts);
  return { ...prepared, rollout, steps: prepareSteps(fleet, prepared, recorded.steps) };
}
