import { formatAge } from '../core/duration.ts';
import { isTwice, type HostPresence } from '../core/host-presence.ts';
import type { HostFacts } from '../core/presence.ts';
import type { Cell } from './table.ts';

type Listed = {
  readonly host: {
    readonly key: string | null;
    readonly machine: string | null;
    readonly renamedFrom: string | null;
  };
  readonly presence: HostPresence | null;
};

/** What stands in a table where the broker could not be asked or the host has never told. */
export const UNKNOWN: Cell = { text: '?', style: 'dim' };

/** `not joined`, `still web1`, `two machines`, `online`, `offline, last seen 2 h ago` or `never seen`. */
export function statusCell({ host, presence }: Listed, now: number): Cell {
  if (host.key === null) return { text: 'not joined', style: 'yellow' };
  if (host.renamedFrom !== null) return { text: `still ${host.renamedFrom}`, style: 'yellow' };
  if (presence === null) return UNKNOWN;
  if (isTwice(host.machine, presence)) return { text: 'two machines', style: 'red' };
  if (presence.online) return { text: 'online', style: 'green' };
  if (presence.lastSeenAt === null) return { text: 'never seen', style: 'dim' };
  return { text: `offline, last seen ${formatAge(now - presence.lastSeenAt)}`, style: 'yellow' };
}

/** `12, 3 security`; what dpkg has not fully installed is said here too, and that it was so before a job. */
export function upgradesCell(facts: HostFacts | null): Cell {
  if (facts === null) return UNKNOWN;
  const { upgrades, broken } = facts;
  const security = upgrades === null || upgrades.security === 0 ? '' : `, ${upgrades.security} security`;
  const text = `${upgrades?.total ?? '?'}${security}${broken === 0 ? '' : `, ${broken} BROKEN`}${outdatedText(facts)}`;
  const isBad = broken > 0 || security !== '';
  return isBad ? { text, style: broken > 0 ? 'red' : 'yellow' } : text;
}

/** New facts come some seconds after a job. */
export function outdatedText({ outdated }: HostFacts): string {
  return outdated ? ' (before the last job)' : '';
}

export function rebootCell(facts: HostFacts | null): Cell {
  if (facts === null) return UNKNOWN;
  return facts.rebootRequired ? { text: 'required', style: 'yellow' } : 'no';
}
