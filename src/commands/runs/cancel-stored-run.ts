import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { cancelRun, type Cancelled } from '../../fleet/cancel-run.ts';
import { candidatesIn } from '../../fleet/candidates.ts';
import { findRun } from '../../fleet/find-run.ts';
import { readSnapshot } from '../../fleet/follow-run.ts';
import { findRolloutStatus, withTurns } from '../../fleet/rollout-status.ts';
import { witnessOf } from '../../fleet/witness.ts';
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
  const witness = await witnessOf(fleet, cli.clock.now());
  const run = await findRun(broker, word, { witness, celeroot: celerootFor(command) });
  const candidatesOf = candidatesIn(fleet);
  const options = { clock: cli.clock, witness, candidatesOf };
  const stored = await readSnapshot(broker, run, options);
  const rollout = await findRolloutStatus(broker, { run, snapshot: stored }, options);
  const snapshot = rollout === null ? stored : withTurns(stored, rollout);
  const cancelled = await cancelRun(broker, { snapshot, candidatesOf }, sender);
  if (sharedFlags(command).json) writeJson(cli.stdout, { run: run.id, ...cancelled });
  else cli.stdout.write(`run ${run.id} ${describe(cancelled)}\n`);
}

function describe({ withdrawn, waiting, stopping }: Cancelled): string {
  const parts = [
    ...count(withdrawn, 'never begins', 'never begin'),
    ...count(waiting, 'that waits for its turn does not begin', 'that wait for their turn do not begin'),
    ...count(stopping, 'stops at its next safe point', 'stop at their next safe point'),
  ];
  return parts.length === 0 ? 'has already ended' : `is cancelled: ${parts.join(', ')}`;
}

function count({ length }: readonly unknown[], one: string, several: string): readonly string[] {
  if (length === 0) return [];
  return [length === 1 ? `1 job ${one}` : `${length} jobs ${several}`];
}
