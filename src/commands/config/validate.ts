import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { writeWarning } from '../../terminal/error.ts';
import { writeJson } from '../../terminal/json.ts';
import type { Cli } from '../context.ts';
import { shownPath } from '../edit-fleet.ts';
import { examples, sharedFlags } from '../flags.ts';
import { loadFleetConfig } from '../open-fleet.ts';

export function validateCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('validate')
    .description('check the configuration file; all that is wrong with it comes at once, with its place')
    .addHelpText('after', examples('celeroot config validate', 'celeroot config validate --config new.yaml'));
  return command.action(async () => {
    const { unknownTasks } = await import('../../fleet/unknown-tasks.ts');
    const { readCalendars } = await import('../../fleet/read-calendars.ts');
    const config = await loadFleetConfig(cli, command);
    await readCalendars(config);
    const warnings = unknownTasks(config);
    const [roles, hosts] = [config.roles.size, config.hosts.size];
    if (sharedFlags(command).json) {
      return writeJson(cli.stdout, { file: config.file, valid: true, roles, hosts, warnings });
    }
    for (const warning of warnings) writeWarning(cli.stderr, warning);
    cli.stdout.write(`${shownPath(cli, config.file)} is valid (roles: ${roles}; hosts: ${hosts})\n`);
  });
}
