import type { Argv } from '../../core/step.ts';
import { CommandError } from '../../core/errors.ts';
import type { Cli } from '../context.ts';

const UPDATE: Argv = ['apt-get', 'update', '--quiet=2'];
const INSTALL: Argv = ['apt-get', 'install', '--quiet', '--yes', '--no-install-recommends', 'redis-server'];

/**
 * Installs Debian's redis-server when it is missing, after a yes. Its own service, which Debian may start, is not the
 * Redis celeroot uses.
 * @throws CommandError MISSING_PROGRAM when nobody says yes.
 */
export async function offerRedisServer(cli: Cli, yes: boolean): Promise<void> {
  const { hasProgram } = await import('../../host/find-program.ts');
  if (await hasProgram('redis-server')) return;
  const commands = [UPDATE, INSTALL].map((argv) => argv.join(' '));
  const question = `celeroot keeps its queues in Redis, and redis-server is not installed. Run  ${commands.join(' && ')} ?`;
  if (!yes && (cli.confirm === null || !(await cli.confirm(question)))) {
    throw new CommandError('MISSING_PROGRAM', 'the program redis-server is not installed', {
      hint: `celeroot up --yes  installs it, or run:  ${commands.join(' && ')}`,
    });
  }
  const { runAttached } = await import('../../host/run-attached.ts');
  const { programEnvironment } = await import('../../host/program-environment.ts');
  for (const argv of [UPDATE, INSTALL]) {
    cli.stderr.write(`+ ${argv.join(' ')}\n`);
    await runAttached(argv, programEnvironment());
  }
}
