import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { removeHost } from '../../config/host-edits.ts';
import { namedHost } from '../../config/named-host.ts';
import { writeJson } from '../../terminal/json.ts';
import type { Cli } from '../context.ts';
import { editFleet, shownPath } from '../edit-fleet.ts';
import { examples, sharedFlags } from '../flags.ts';
import { loadFleetConfig } from '../open-fleet.ts';
import { requireYes } from '../require-yes.ts';

export function retireCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('retire')
    .aliases(['rm', 'remove'])
    .description('take a host out of the fleet: the configuration and Redis forget it, and it is let in no more')
    .argument('<name>', 'name of the host')
    .option('-y, --yes', 'do not ask')
    .option('--only-file', 'take it out of the configuration alone, where Redis is gone for good')
    .addHelpText('after', examples('celeroot hosts retire web3', 'celeroot hosts rm web3 --yes'));
  return command.action(async (name, { yes = false, onlyFile = false }) => {
    const { shutOut } = await import('./shut-out.ts');
    const { leaveLine } = await import('../../fleet/join-steps.ts');
    const { recordHost } = await import('../../fleet/record-host.ts');
    const fleet = await loadFleetConfig(cli, command);
    const host = namedHost(fleet, name);
    const isKnown = host.key !== null && !onlyFile;
    const file = shownPath(cli, fleet.file);
    await requireYes(cli, `take ${name} out of ${file}${isKnown ? `, ${WHAT_GOES}` : ''}`, { yes });
    if (host.key !== null) await recordHost(fleet, { host: name, what: 'retired', detail: host.key, clock: cli.clock });
    if (isKnown) await shutOut(cli, fleet, host);
    const { after } = await editFleet(cli, command, (config) => removeHost(config, name));
    const line = leaveLine(host);
    if (sharedFlags(command).json) return writeJson(cli.stdout, { file: after.file, retired: name, line });
    cli.stdout.write(`removed ${name} from ${file}; it is sent nothing more\n`);
    if (isKnown) cli.stdout.write('removed its user, its queue and what it said of itself from Redis\n');
    if (host.key === null) return;
    cli.stdout.write(
      `\nceleroot is still on that machine, with its key and its record of jobs. To take it off there:\n  ${line}\n`,
    );
  });
}

const WHAT_GOES = 'end its connections to Redis, and drop the jobs that wait for it';
