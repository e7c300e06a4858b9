import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { cancelRun } from '../../fleet/cancel-run.ts';
import { witnessOf } from '../../fleet/believe-reports.ts';
import { candidatesIn } from '../../fleet/candidates.ts';
import { findRun } from '../../fleet/find-run.ts';
import { readSnapshot } from '../../fleet/follow-run.ts';
import { writeJson } from '../../terminal/json.ts';
import type { Cli } from '../context.ts';
import { celerootFor } from '../edit-fleet.ts';
import { sharedFlags } from '../flags.ts';
import { loadFleetConfig, openBroker } from '../open-fleet.ts';
import { openSender } from '../open-sender.ts';

/** Cancels what is left of a run; cancelling one that has ended does nothing. */
export async function cancelStoredRun(cli: Cli, command: CommandUnknownOpts, word: string): Promise<void> {
  const fleet = await loadFleetConfig(cli, command);
  const sender = await openSender(cli, fleet);
  await using broker = await openBroker(cli, fleet);
  const run = await findRun(broker, word, celerootFor(command));
  const candidatesOf = candidatesIn(fleet);
  const snapshot = await readSnapshot(broker, run, {
    clock: cli.clock,
    witness: await witnessOf(fleet, cli.clock.now()),
    candidatesOf,
  });
  const { withdrawn, stopping } = await cancelRun(broker, { snapshot, candidatesOf }, sender);
  if (sharedFlags(command).json) {
    writeJson(cli.stdout, { run: run.id, withdrawn, stopping });
    return;
  }
  cli.stdout.write(`${describe(run.id, withdrawn.length, stopping.length)}\n`);
}

function describe(id: string, withdrawn: number, stopping: number): string {
  if (withdrawn + stopping === 0) return `run ${id} has already ended`;
  const parts = [
    ...(withdrawn === 0 ? [] : [`${withdrawn} never begin`]),
    ...(stopping === 0 ? [] : [`${stopping} stop at the next safe point`]),
  ];
  return `run ${id} is cancelled: ${parts.join(', ')}`;
}
