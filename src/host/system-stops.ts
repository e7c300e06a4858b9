import { runCommand } from './run-command.ts';
import { systemdRuns } from './start-detached.ts';

/** Whether the machine is being shut down or rebooted; false where there is no systemd to know. */
export async function systemStops(): Promise<boolean> {
  if (!systemdRuns()) return false;
  const { stdout } = await runCommand(['systemctl', 'is-system-running']);
  return stdout.trim() === 'stopping';
}
