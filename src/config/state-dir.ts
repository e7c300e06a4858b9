import { resolve } from 'node:path';
import type { Environment } from './read-broker.ts';

/** Where this machine's worker keeps its jobs; absolute, since workers and executors run in other folders. */
export function stateDirIn(env: Environment, cwd: string): string {
  return resolve(cwd, env['CELEROOT_STATE_DIR'] || '/var/lib/celeroot');
}
