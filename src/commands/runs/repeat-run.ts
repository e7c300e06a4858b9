import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { candidatesIn } from '../../fleet/candidates.ts';
import { findRun } from '../../fleet/find-run.ts';
import { readSnapshot } from '../../fleet/follow-run.ts';
import { readSender } from '../../fleet/read-sender.ts';
import type { prepareRetry } from '../../fleet/repeat-run.ts';
import type { Cli } from '../context.ts';
import { loadFleetConfig, openBroker } from '../open-fleet.ts';
import { confirmSize, sendRun } from '../run/start-run.ts';
import type { SendFlags } from '../read-run-flags.ts';

type RepeatOptions = { readonly prepare: typeof prepareRetry; readonly flags: SendFlags };

/** Sends a run made from an earlier one, which the command's first argument names. */
export async function repeatRun(cli: Cli, command: CommandUnknownOpts, options: RepeatOptions): Promise<void> {
  const { prepare, flags } = options;
  const fleet = await loadFleetConfig(cli, command);
  const sender = await readSender(fleet, cli);
  await using broker = await openBroker(cli, fleet);
  const run = await findRun(broker, command.args[0] ?? '');
  const snapshot = await readSnapshot(broker, run, { clock: cli.clock, candidatesOf: candidatesIn(fleet) });
  const prepared = prepare(fleet, snapshot, flags);
  await confirmSize(cli, prepared, flags.yes);
  await sendRun(cli, command, { fleet, broker, sender, prepared, flags });
}
