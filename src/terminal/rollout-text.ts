import { firstOf } from '../core/first-of.ts';
import type { HostName } from '../core/names.ts';
import { lastBegun, sortTurns, type RolloutView, type StopReason } from '../rollout/decide.ts';
import type { RolloutStatus } from '../rollout/status.ts';
import { plainText } from './plain-text.ts';
import { formatTime } from './time-text.ts';

/** How a roll-out stands, in a line: `in batch canary (1 of 3): 1 under way`. */
export function rolloutText({ view, decision }: RolloutStatus): string {
  const place = placeText(view);
  switch (decision.kind) {
    case 'finished':
      return finishedText(view);
    case 'stopped':
      return `stopped ${place}: ${reasonText(view, decision.reason)}`;
    case 'paused':
      return plainText(`paused by ${decision.by}, ${place}`);
    case 'wait-offline':
      return `${place}: waits for ${namesText(decision.hosts)}, which cannot be reached${mayBeAway(decision.limit)}`;
    case 'wait':
      return `${place}: ${waitText(view, decision)}`;
    case 'release':
      return `${place}: next ${namesText(decision.hosts)}, when other runs, the limits of roles (celeroot locks) and its schedule allow`;
    case 'settle':
      return `${place}: goes on`;
  }
}

/** Why a roll-out gives no host its turn until something happens outside of it; empty when it does. */
export function restText({ decision }: RolloutStatus): string {
  return REST_TEXTS[decision.kind] ?? '';
}

const REST_TEXTS: Readonly<Partial<Record<RolloutStatus['decision']['kind'], string>>> = {
  stopped: 'stopped',
  paused: 'paused',
  'wait-offline': 'waits for hosts',
};

/** What may be waited for, or typed, when nobody drives it. */
export function undrivenText({ kind }: RolloutStatus['decision'], resume: string): string {
  const isForPerson = kind === 'stopped' || kind === 'paused';
  return isForPerson ? `nobody, until  ${resume}` : `nobody; a scheduler takes it over, or  ${resume}`;
}

/** What was cancelled or has expired before it began had no turn. */
function finishedText({ turns }: RolloutView): string {
  const missed = [...turns].flatMap(([host, { status }]) => (status === 'missed' ? [host] : []));
  return missed.length === 0 ? 'all hosts have had their turn' : `ended; no turn had ${namesText(missed)}`;
}

/** Why it stopped: `2 hosts have failed (web1, web2), 1 may`. */
export function reasonText({ rollout, turns }: RolloutView, reason: StopReason): string {
  const failed = `${hostsText(reason.hosts.length)} failed (${failuresText(reason.hosts, turns)})`;
  if (reason.kind === 'no-success') return `${failed}, and none of the first batch did its job`;
  const where = reason.batch === null ? '' : ` in batch ${rollout.batches[reason.batch]?.name ?? ''}`;
  return `${failed}, ${reason.limit === 0 ? 'none' : reason.limit} may${where}`;
}

/** `in batch canary (1 of 3)`. */
function placeText(view: RolloutView): string {
  const current = lastBegun(view);
  if (current === null) return 'before the first batch';
  const { batches } = view.rollout;
  return plainText(`in batch ${batches[current]?.name ?? ''} (${current + 1} of ${batches.length})`);
}

/** `web1: nginx.service has failed`. */
export function failuresText(hosts: readonly HostName[], turns: RolloutView['turns']): string {
  const texts = hosts.map((host) => {
    const turn = turns.get(host);
    const why = turn?.why ?? (turn?.status === 'missed' ? 'had no turn' : 'no word from the host');
    return plainText(`${host}: ${why.length > MAX_WHY ? `${why.slice(0, MAX_WHY)}…` : why}`);
  });
  return firstOf(texts, MAX_NAMED);
}

const MAX_WHY = 120;

export function namesText(hosts: readonly HostName[]): string {
  return firstOf(hosts, MAX_NAMED);
}

const MAX_NAMED = 5;

function hostsText(count: number): string {
  return count === 1 ? '1 host has' : `${count} hosts have`;
}

function mayBeAway(limit: number | null): string {
  return limit === null ? '' : `; ${limit === 0 ? 'none' : `at most ${limit}`} may be away`;
}

function waitText(view: RolloutView, wait: Extract<RolloutStatus['decision'], { kind: 'wait' }>): string {
  if (wait.for === 'soak') return `done; the next begins at ${formatTime(wait.until ?? view.now, view.now)}`;
  if (wait.for === 'locks')
    return 'the next hosts are in turns of other runs, or as many are as their roles allow (celeroot locks)';
  if (wait.for === 'calendar') {
    return 'its schedule lets none of the next hosts begin now: by its calendars, or because it has left the file';
  }
  const { underWay, overdue } = sortTurns(view);
  return `${underWay.length} under way${overdue.length === 0 ? '' : `, ${overdue.length} silent`}`;
}
