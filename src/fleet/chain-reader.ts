import { RejectedError } from '../core/errors.ts';
import type { RunId } from '../core/ids.ts';
import type { HostName } from '../core/names.ts';
import { applyReports, initialRunState, type RunState } from '../core/run-state.ts';
import type { Run } from '../core/run.ts';
import type { ControllerBroker, ReportPlace } from '../queue/broker.ts';
import { ownStep, type Chain } from '../rollout/turns.ts';
import { believeReports } from './believe-reports.ts';
import { readRuns } from './believe-runs.ts';
import type { RolledRun } from './rolled-run.ts';
import type { Witness } from './witness.ts';

export type ChainReader = {
  /** The steps as they stand, with what these hosts have reported since. `own` is the state of the rolled-out run. */
  readonly read: (own: RunState, hosts: readonly HostName[]) => Promise<Chain>;
};

type Companion = { readonly run: Run; state: RunState; place: ReportPlace | null };

/**
 * Reads the steps of a roll-out: the runs that belong to it, a little more of their reports with each call.
 * @throws RejectedError RUN_FORGED when the record of one is gone, or not signed by an operator.
 */
export async function chainReader(broker: ControllerBroker, run: RolledRun, witness: Witness): Promise<ChainReader> {
  const steps = run.rollout.steps ?? [ownStep(run.task)];
  const ids = steps.flatMap((step) => step.run ?? []);
  const { runs } = ids.length === 0 ? { runs: [] } : await readRuns(broker, witness, ids);
  const companions = new Map<RunId, Companion>(
    runs.map((each) => [each.id, { run: each, state: initialRunState(each), place: null }]),
  );
  const missing = ids.find((id) => !companions.has(id));
  if (missing !== undefined) {
    throw new RejectedError('RUN_FORGED', `run ${missing}, a step of run ${run.id}, is gone or not signed`, {
      hint: `take back what has not begun with  celeroot runs cancel ${run.id}`,
    });
  }
  return {
    read: async (own, hosts) => {
      await Promise.all([...companions.values()].map(async (each) => await readOn(broker, each, { hosts, witness })));
      return steps.map((step) => {
        const companion = step.run === null ? undefined : companions.get(step.run);
        return { step, state: companion?.state ?? own };
      });
    },
  };
}

/** For `catch`, where what a chain is read for can do without: nothing when the record of a step is gone or not signed. */
export function unlessForged(error: unknown): null {
  if (error instanceof RejectedError && error.code === 'RUN_FORGED') return null;
  throw error;
}

type Reading = { readonly hosts: readonly HostName[]; readonly witness: Witness };

async function readOn(broker: ControllerBroker, companion: Companion, { hosts, witness }: Reading): Promise<void> {
  const { run, place } = companion;
  const page = await broker.readReports({ run: run.id, hosts, ...(place !== null && { after: place }) });
  const { reports } = await believeReports(page.reports, witness);
  companion.state = applyReports(companion.state, reports);
  companion.place = page.place;
}
