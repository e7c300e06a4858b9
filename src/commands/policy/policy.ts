import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Cli } from '../context.ts';
import { examples } from '../flags.ts';

export function policyCommand(cli: Cli): CommandUnknownOpts {
  return new Command('policy')
    .description('what the owner of a host lets nobody do there')
    .addHelpText('after', examples('celeroot policy check', 'celeroot policy check policy.yaml'))
    .addCommand(checkCommand(cli));
}

function checkCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('check')
    .description('check a policy file, and show what it says')
    .argument('[file]', 'default: /etc/celeroot/policy.yaml')
    .addHelpText('after', examples('celeroot policy check', 'celeroot policy check policy.yaml --json'))
    .action(async (file) => {
      const { checkPolicy } = await import('./check-policy.ts');
      checkPolicy(cli, command, file ?? null);
    });
  return command;
}
