import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { UsageError } from '../core/errors.ts';
import type { Cli } from './context.ts';
import { examples } from './flags.ts';

export function joinAnswerCommand(cli: Cli): CommandUnknownOpts {
  return new Command('join-answer')
    .description('on a host: make its key and password where there are none, and say what the controller must know')
    .argument('[file]', 'the worker file; default: /etc/celeroot/worker.yaml')
    .option('--new-secrets', 'make a new key and a new password even if they are there')
    .addHelpText(
      'after',
      `\nThe answer is one line for  celeroot hosts accept : the public key, the digest of the password and the machine’s\nidentity, signed. The script of  celeroot hosts join  runs this. The secrets stay on the host.\n${examples(
        "ssh root@web1 'celeroot join-answer' | celeroot hosts accept web1",
      )}`,
    )
    .action(async (file, { newSecrets = false }) => {
      if (process.getuid?.() !== 0) {
        throw new UsageError('NOT_ROOT', 'what a host keeps secret belongs to root', {
          hint: 'sudo celeroot join-answer',
        });
      }
      const { resolve } = await import('node:path');
      const { WORKER_FILE } = await import('../host/worker-unit.ts');
      const { answerJoin } = await import('../worker/answer-join.ts');
      const { clock, cwd, env, stateDir } = cli;
      const workerFile = resolve(cwd, file ?? WORKER_FILE);
      cli.stdout.write(`${await answerJoin({ workerFile, stateDir, newSecrets, env, clock })}\n`);
    });
}
