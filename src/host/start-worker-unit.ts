import { CommandError } from '../core/errors.ts';
import { runCommand } from './run-command.ts';
import { WORKER_UNIT } from './worker-unit.ts';

/**
 * Has the installed worker started with the machine, and now; one that runs is started again, which stops no apt.
 * @throws CommandError COMMAND_FAILED with what systemd says.
 */
export async function startWorkerUnit(): Promise<void> {
  for (const verb of ['enable', 'restart']) {
    const { exitCode, stderr } = await runCommand(['systemctl', verb, WORKER_UNIT]);
    if (exitCode === 0) continue;
    throw new CommandError('COMMAND_FAILED', `systemctl ${verb} ${WORKER_UNIT} failed: ${stderr.trim()}`, {
      hint: `journalctl -u ${WORKER_UNIT} -n 20`,
    });
  }
}
