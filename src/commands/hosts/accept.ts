import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Cli } from '../context.ts';
import { examples } from '../flags.ts';

export function acceptCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('accept')
    .description('record the machine whose answer is on standard input as a host, and wait for its first hello')
    .argument('<name>', 'name of the host')
    .option('--replace', 'it takes the place of what is recorded: the host was installed anew')
    .option('--wait', 'read no answer: wait again for a host that is recorded')
    .addHelpText(
      'after',
      `\nThe answer comes from the script of  celeroot hosts join . It proves that the machine has the key; the connection\nover which it comes is what says which machine it is.\n${examples(
        'celeroot hosts join web1 | ssh root@web1.example.org sh | celeroot hosts accept web1',
        'celeroot hosts accept web1 --wait',
      )}`,
    );
  return command.action(async (name, { replace = false, wait = false }) => {
    const { acceptAnswer, waitAgain } = await import('./accept-answer.ts');
    await (wait ? waitAgain(cli, command, name) : acceptAnswer(cli, command, { name, replace }));
  });
}
