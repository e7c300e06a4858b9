import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { renameHost } from '../../config/host-edits.ts';
import { namedHost } from '../../config/named-host.ts';
import { writeJson } from '../../terminal/json.ts';
import type { Cli } from '../context.ts';
import { celerootFor, editFleet, shownPath } from '../edit-fleet.ts';
import { examples, sharedFlags } from '../flags.ts';
import { loadFleetConfig } from '../open-fleet.ts';
import { requireYes } from '../require-yes.ts';

export function renameCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('rename')
    .description('give a host another name; its machine keeps its key, and is told by SSH')
    .argument('<old>', 'its name until now')
    .argument('<new>', 'its name from now on')
    .option('-y, --yes', 'do not ask')
    .addHelpText('after', examples('celeroot hosts rename web1 shop1'));
  return command.action(async (from, to, { yes = false }) => {
    const { shutOut } = await import('./shut-out.ts');
    const { rejoinLine } = await import('../../fleet/join-steps.ts');
    const { recordHost } = await import('../../fleet/record-host.ts');
    const fleet = await loadFleetConfig(cli, command);
    const host = namedHost(fleet, from);
    renameHost(fleet, from, to);
    const isKnown = host.key !== null;
    if (isKnown)
      await requireYes(cli, `rename ${from}, shut its worker out until it is told, and drop its jobs`, { yes });
    if (isKnown) await recordHost(fleet, { host: from, what: 'renamed', detail: to, clock: cli.clock });
    if (isKnown) await shutOut(cli, fleet, host);
    const { after } = await editFleet(cli, command, (config) => renameHost(config, from, to));
    const line = rejoinLine(namedHost(after, to), celerootFor(command));
    if (sharedFlags(command).json) return writeJson(cli.stdout, { file: after.file, host: namedHost(after, to), line });
    cli.stdout.write(`${from} is called ${to} in ${shownPath(cli, after.file)}\n\nTo tell its machine:\n  ${line}\n`);
  });
}
