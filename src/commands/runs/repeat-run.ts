import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { candidatesIn } from '../../fleet/candidates.ts';
import { findRun } from '../../fleet/find-run.ts';
import { readSnapshot } from '../../fleet/follow-run.ts';
import { requireGranted } from '../../fleet/require-granted.ts';
import type { prepareRetry } from '../../fleet/repeat-run.ts';
import { witnessOf } from '../../fleet/witness.ts';
import type { Cli } from '../context.ts';
import { celerootFor } from '../edit-fleet.ts';
import { loadFleetConfig, openBroker } from '../open-fleet.ts';
import { openSender } from '../open-sender.ts';
import { confirmSize, rollOut, sendRun, warnOfNotJoined } from '../run/start-run.ts';
import type { SendFlags } from '../read-run-flags.ts';

type RepeatOptions = { readonly prepare: typeof prepareRetry; readonly flags: SendFlags };

/** Sends a run made from an earlier one, which the command's first argument names. */
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
  const again = prepare(fleet, snapshot, { expiresInMs: flags.expiresInMs, celeroot });
  const prepared = rollOut(cli, fleet, { prepared: again, flags });
  requireGranted(fleet, prepared, sender);
  warnOfNotJoined(cli, command, prepared);
  await confirmSize(cli, prepared, flags.yes);
  await sendRun(cli, command, { fleet, broker, sender, prepared, flags });
}
