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
    .addHelpText(
      'after',
      `\n${FIELDS}\n${examples('celeroot policy check', 'celeroot policy check policy.yaml --json')}`,
    )
    .action(async (file) => {
      const { checkPolicy } = await import('./check-policy.ts');
      checkPolicy(cli, command, file ?? null);
    });
  return command;
}

const FIELDS = `A policy only forbids. Each field but the version may be left out:
  version: 1
  deny:
    tasks: [apt.remove]          # nobody has them done here; * and ? allowed
    packages: [linux-image-*]    # not installed, upgraded or removed
  hours:                         # when what changes the host may begin, by its clock
    - { days: [sat, sun], from: '22:00', to: '05:00' }
  two_signers: [apt.upgrade]     # only if two operators have signed`;
