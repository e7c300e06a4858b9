import type { FleetConfig } from '../config/fleet-config.ts';
import { RejectedError } from '../core/errors.ts';
import type { HostName } from '../core/names.ts';
import { checkAuthority } from '../trust/authority.ts';
import type { Sender } from './dispatch-run.ts';
import type { Assignment, PreparedRun } from './prepare-run.ts';

/** As much of a prepared run as is asked. */
type Asking = Pick<Sender, 'trust' | 'clock'> & { readonly key: Pick<Sender['key'], 'id'> };
type Asked = Pick<PreparedRun, 'task'> & {
  readonly assignments: readonly Pick<Assignment, 'candidates'>[];
  readonly steps?: PreparedRun['steps'];
};

/**
 * Refuses what the hosts would refuse by the trust file, naming them, before anything is sent.
 * @throws RejectedError NOT_GRANTED.
 */
export function requireGranted(fleet: FleetConfig, asked: Asked, sender: Asking): void {
  for (const { run } of asked.steps ?? []) if (run !== null) requireTaskGranted(fleet, run, sender);
  requireTaskGranted(fleet, asked, sender);
}

function requireTaskGranted(fleet: FleetConfig, { task, assignments }: Asked, sender: Asking): void {
  const { key, trust, clock } = sender;
  const refused = new Map<HostName, string>();
  for (const name of assignments.flatMap(({ candidates }) => candidates)) {
    const host = { name, roles: fleet.hosts.get(name)?.roles ?? [] };
    const request = { key: key.id, as: 'operator' as const, task: task.name, host, now: clock.now(), begunAt: null };
    const refusal = checkAuthority(trust.trust, request);
    if (refusal !== null) refused.set(name, refusal.message);
  }
  const [[first = '', why = ''] = []] = refused;
  if (refused.size === 0) return;
  const others = refused.size === 1 ? '' : ` and ${refused.size - 1} more would refuse it too`;
  throw new RejectedError('NOT_GRANTED', `${first} would refuse ${task.name}: ${why}${others}`, {
    hint: 'what each key may do: celeroot keys ls',
    details: { hosts: [...refused.keys()] },
  });
}
