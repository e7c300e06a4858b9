import { programUnit } from './program-unit.ts';

export const SCHEDULER_UNIT = 'celeroot-scheduler.service';
const FLEET_FILE = '/etc/celeroot/celeroot.yaml';

/**
 * The unit of a controller's scheduler, started with the program `celeroot`. It signs orders, so it may read what root
 * may, and is given nothing else of the machine to change than the folder of the journal.
 */
export function schedulerUnit(celeroot: string): string {
  return programUnit({
    description: 'celeroot scheduler',
    start: `${celeroot} scheduler ${FLEET_FILE} --beat`,
    file: FLEET_FILE,
    service: [
      'Restart=on-failure',
      'RestartSec=5',
      'RestartPreventExitStatus=2',
      'TimeoutStopSec=30',
      'Environment=MALLOC_ARENA_MAX=1',
      'NoNewPrivileges=yes',
      'ProtectSystem=strict',
      'ReadWritePaths=-/etc/celeroot',
      'ProtectHome=read-only',
      'PrivateTmp=yes',
    ],
  });
}
