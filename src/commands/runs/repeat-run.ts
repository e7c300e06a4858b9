import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { HostName } from '../../core/names.ts';
import type { RunSnapshot } from '../../core/run-snapshot.ts';
import type { Run } from '../../core/run.ts';
import { candidatesIn } from '../../fleet/candidates.ts';
import { findRun } from '../../fleet/find-run.ts';
import { readSnapshot } from '../../fleet/follow-run.ts';
import { requireGranted } from '../../fleet/require-granted.ts';
import { recordedSteps, rollOutAgain } from '../../fleet/repeat-rollout.ts';
import type { prepareRetry } from '../../fleet/repeat-run.ts';
import { isRolled } from '../../fleet/rolled-run.ts';
import { readRolloutStatus } from '../../fleet/rollout-status.ts';
import type { ControllerBroker } from '../../queue/broker.ts';
import { isFailed } from '../../rollout/decide.ts';
import { witnessOf } from '../../fleet/witness.ts';
import type { Cli } from '../context.ts';
import { celerootFor } from '../edit-fleet.ts';
import { loadFleetConfig, openBroker } from '../open-fleet.ts';
import { openSender } from '../open-sender.ts';
import { confirmSize, rollOut, sendRun, warnOfNotJoined } from '../run/start-run.ts';
import type { SendFlags } from '../read-run-flags.ts';

type RepeatOptions = { readonly prepare: typeof prepareRetry; readonly flags: SendFlags };

/**
 * Sends a run made from an earlier one, which the command's first argument names. It is rolled out as that was, unless
 * the flags say how.
 */
export async function repeatRun(cli: Cli, command: CommandUnknownOpts, options: RepeatOptions): Promise<void> {
  const { prepare, flags } = options;
  const fleet = await loadFleetConfig(cli, command);
  const sender = await openSender(cli, fleet);
  await using broker = await openBroker(cli, fleet);
  const celeroot = celerootFor(command);
  const witness = await witnessOf(fleet, cli.clock.now());
  const run = await findRun(broker, command.args[0] ?? '', { witness, celeroot });
  const snapshot = await readSnapshot(broker, run, {
    clock: cli.clock,
    witness,
    candidatesOf: candidatesIn(fleet),
  });
  const alsoFailed = await failedTurns(broker, { run, snapshot }, { witness, clock: cli.clock });
  const again = prepare(fleet, snapshot, { expiresInMs: flags.expiresInMs, celeroot, alsoFailed });
  const asBefore =
    flags.rollout === null && isRolled(run)
      ? rollOutAgain(fleet, again, { run, steps: await recordedSteps(broker, run, witness) })
      : again;
  const prepared = rollOut(cli, fleet, { prepared: asBefore, flags });
  requireGranted(fleet, prepared, sender);
  warnOfNotJoined(cli, command, prepared);
  await confirmSize(cli, prepared, flags.yes);
  await sendRun(cli, command, { fleet, broker, sender, prepared, flags });
}

/** Hosts that count as failed in a roll-out: some did their job, and are worse than before. */
async function failedTurns(
  broker: ControllerBroker,
  { run, snapshot }: { readonly run: Run; readonly snapshot: RunSnapshot },
  options: Parameters<typeof readRolloutStatus>[2],
): Promise<ReadonlySet<HostName>> {
  if (!isRolled(run)) return new Set();
  const { view } = await readRolloutStatus(broker, { run, snapshot }, options);
  return new Set([...view.turns].flatMap(([host, turn]) => (isFailed(turn) ? [host] : [])));
}
