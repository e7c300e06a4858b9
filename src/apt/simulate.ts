import type { Failure } from '../core/outcome.ts';
import { run, type Work } from '../core/step.ts';
import type { PackageChange } from '../core/transaction.ts';
import { simulateArgv, type AptOperation } from './argv.ts';
import { classifyFailure } from './classify-failure.ts';
import { parseSimulation, type SimulatedKeptBack } from './parse-simulation.ts';
import { planChanges } from './plan-changes.ts';
import type { Snapshot } from './snapshot.ts';

/** What apt would do; `failure` instead when it can do nothing. */
export type Simulated =
  | {
      readonly failure: null;
      readonly changes: readonly PackageChange[];
      readonly keptBack: readonly SimulatedKeptBack[];
      /** Names apt counts as essential and would remove. */
      readonly essential: readonly string[];
    }
  | { readonly failure: Failure };

export function* simulate(operation: AptOperation, now: Snapshot): Work<Simulated> {
  const output = yield* run(simulateArgv(operation));
  if (output.exitCode !== 0) return { failure: classifyFailure(output) };
  const simulation = parseSimulation(output.stdout);
  return {
    failure: null,
    changes: planChanges(simulation, now),
    keptBack: simulation.keptBack,
    essential: simulation.essential,
  };
}
