import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Cli } from '../context.ts';
import { examples } from '../flags.ts';
import { aclCommand } from './acl.ts';

export function brokerCommand(cli: Cli): CommandUnknownOpts {
  return new Command('broker')
    .description('the Redis that carries orders and reports')
    .addHelpText('after', examples('celeroot broker check', 'celeroot broker acl'))
    .addCommand(checkCommand(cli))
    .addCommand(aclCommand(cli));
}

function checkCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('check')
    .description('look whether Redis is there and set up so that nothing is lost')
    .addHelpText('after', examples('celeroot broker check', 'celeroot broker check --json'))
    .action(async () => {
      const { checkBroker } = await import('./check-broker.ts');
      await checkBroker(cli, command);
    });
  return command;
}
