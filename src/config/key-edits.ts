import type { HostName } from '../core/names.ts';
import type { Edit } from './edit.ts';
import type { FleetConfig, Host } from './fleet-config.ts';
import { namedHost } from './named-host.ts';
import { formatPreviousKey, type PreviousKey } from './previous-key.ts';

/** Whether a host has the key, or had it. */
export function hasKey({ key, outgoingKey, previousKeys }: Host, asked: string): boolean {
  return key === asked || outgoingKey === asked || previousKeys.some((previous) => previous.key === asked);
}

export type KeyChange = { readonly host: HostName; readonly from: string; readonly to: string };

/** Whether a key can be recorded in the place of the present one: it is nobody's, and that is the present one indeed. */
export function canFollow(config: FleetConfig, { host, from, to }: KeyChange): boolean {
  const { key, outgoingKey } = namedHost(config, host);
  return key === from && outgoingKey === null && ![...config.hosts.values()].some((each) => hasKey(each, to));
}

/** Records a key that a host has offered, and believes the one it has until the host has taken the new one. */
export function beginKeyChange({ host, from, to }: KeyChange): readonly Edit[] {
  return [
    { kind: 'set', path: ['hosts', host, 'key'], value: to },
    { kind: 'set', path: ['hosts', host, 'outgoing_key'], value: from },
  ];
}

/** Runs are not kept for longer. */
const KEEP_MS = 30 * 24 * 3_600_000;

/** The host has taken the recorded key: by the one before nothing new is believed. */
export function endKeyChange({ name, outgoingKey, previousKeys }: Host, now: number): readonly Edit[] {
  if (outgoingKey === null) return [];
  const kept = previousKeys.filter(({ until }) => until + KEEP_MS > now);
  return [
    ...previousKeysEdit(name, [...kept, { key: outgoingKey, until: now }]),
    { kind: 'remove', path: ['hosts', name, 'outgoing_key'] },
  ];
}

/** Makes them what they shall be. */
export function previousKeysEdit(host: string, keys: readonly PreviousKey[]): readonly Edit[] {
  if (keys.length === 0) return [];
  return [{ kind: 'set-list', path: ['hosts', host, 'previous_keys'], items: keys.map(formatPreviousKey) }];
}
