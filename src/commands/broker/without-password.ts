import type { HostName } from '../../core/names.ts';

/** What to say of hosts that have no user of their own in Redis, and what to do. */
export function withoutPassword(hosts: readonly HostName[]): readonly [message: string, hint: string] {
  return [
    `no broker_password in celeroot.yaml, and so no user of their own in Redis: ${hosts.join(', ')}`,
    'a host makes itself a password when it joins (celeroot hosts join --help); the one that celeroot up runs on needs none',
  ];
}
