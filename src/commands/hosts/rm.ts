import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { writeJson } from '../../terminal/json.ts';
import { writeShellSteps } from '../../terminal/shell-steps.ts';
import type { Cli } from '../context.ts';
import { editFleet, shownPath } from '../edit-fleet.ts';
import { examples, sharedFlags } from '../flags.ts';

export function rmCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('rm')
    .alias('remove')
    .description('take a host out of the configuration, and say what is left on it')
    .argument('<name>', 'name of the host')
    .addHelpText('after', examples('celeroot hosts rm web3'));
  return command.action(async (name) => {
    const { removeHost } = await import('../../config/host-edits.ts');
    const { leaveSteps } = await import('../../fleet/join-steps.ts');
    const { before, after } = await editFleet(cli, command, (config) => removeHost(config, name));
    const steps = [...before.hosts.values()].filter((host) => host.name === name).flatMap(leaveSteps);
    if (sharedFlags(command).json) return writeJson(cli.stdout, { file: after.file, removed: name, steps });
    cli.stdout.write(`removed ${name} from ${shownPath(cli, after.file)}; it is sent nothing more\n\n`);
    cli.stdout.write(`Its worker runs on until it is stopped; jobs that wait for it expire. To end it there:\n`);
    writeShellSteps(cli.stdout, steps);
  });
}
