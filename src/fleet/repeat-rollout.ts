import type { FleetConfig } from '../config/fleet-config.ts';
import { initialRunState } from '../core/run-state.ts';
import type { ControllerBroker } from '../queue/broker.ts';
import { repeatBatches } from '../rollout/repeat-batches.ts';
import type { WantedStep } from '../rollout/steps.ts';
import { chainReader } from './chain-reader.ts';
import type { PreparedRun } from './prepare-run.ts';
import { prepareSteps } from './prepare-steps.ts';
import { rolledHosts, type RolledRun } from './rolled-run.ts';
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
  recorded: { readonly run: RolledRun; readonly steps: readonly WantedStep[] },
): PreparedRun {
  const byHost = new Map(
    prepared.assignments.flatMap((each) => (each.to.kind === 'host' ? [[each.to.host, each] as const] : [])),
  );
  const { run, steps } = recorded;
  const { hosts, rollout } = repeatBatches({ hosts: rolledHosts(run), rollout: run.rollout }, [...byHost.keys()]);
  const laid = { ...prepared, assignments: hosts.flatMap((host) => byHost.get(host) ?? []), rollout };
  return { ...laid, steps: prepareSteps(fleet, laid, steps) };
}
