import type { WorkerConfig } from '../config/fleet-config.ts';
import { hostUserName } from '../core/host-user.ts';

/** Whether the host reaches Redis as a user of its own, which is there only once an administrator has accepted it. */
export function hasOwnLogin({ broker, host }: Pick<WorkerConfig, 'broker' | 'host'>): boolean {
  return broker.user === hostUserName(broker.environment, host);
}
