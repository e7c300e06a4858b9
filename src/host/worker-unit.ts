import { programUnit } from './program-unit.ts';

export const WORKER_UNIT = 'celeroot-worker.service';
/** What makes a machine a host: who it is and whom it obeys. */
export const WORKER_FILE = '/etc/celeroot/worker.yaml';

/**
 * The unit of a host's worker, started with the program `celeroot`. apt runs in units of its own, so stopping this one
 * never stops apt. A machine that is no host (yet) has no worker file, and nothing to start.
 */
export function workerUnit(celeroot: string): string {
  return programUnit({
    description: 'celeroot worker',
    start: `${celeroot} worker ${WORKER_FILE}`,
    file: WORKER_FILE,
    service: [
      'Restart=always',
      'RestartSec=2',
      'KillMode=mixed',
      'TimeoutStopSec=60',
      'Environment=MALLOC_ARENA_MAX=1',
    ],
  });
}
