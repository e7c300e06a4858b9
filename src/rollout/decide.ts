import type { JobId } from '../core/ids.ts';
import type { HostName } from '../core/names.ts';
import type { Rollout } from '../core/rollout.ts';

/*
 * What a roll-out does next, from what is known of it. Whoever drives asks this again after everything that happens, so
 * that a driver that dies and the one that takes over decide the same.
 *
 *   held ─▶ under way ─▶ good | bad
 *     │        └─▶ overdue ─▶ good | bad
 *     └─▶ missed
 *
 * Nothing is taken for a success but a result that says so. At no time are more hosts under way than the batch has,
 * apart from silent ones that an operator has resumed after, nor hosts of two groups, and none begins once more have
 * failed than may.
 */

/**
 * Where a host is in its turn: not given its order yet; given, and no end known; given, and silent for longer than a
 * job may take; ended well; ended otherwise; never begun, and too late now.
 */
export type TurnStatus = 'held' | 'under-way' | 'overdue' | 'good' | 'bad' | 'missed';
export type Turn = {
  readonly status: TurnStatus;
  /** Whether its worker is there. */
  readonly reachable: boolean;
  /** Why it counts as failed, though it may have steps left; null when it does not. */
  readonly why: string | null;
  /** The job it is to be given next; null when it has that, or none is left. */
  readonly due: JobId | null;
  /** Whether it is certain that the host is not at work. */
  readonly quiet: boolean;
};

export type RolloutView = {
  /** The hosts of each batch still to be done, or done since the roll-out was last resumed after a stop. */
  readonly batches: readonly (readonly HostName[])[];
  /** Hosts of two of these are never under way at once; a host that is in none may be with any. */
  readonly groups: ReadonlyMap<HostName, string>;
  /** Named as the batches are, and with their limits. */
  readonly rollout: Rollout;
  /** Of all hosts of the run. */
  readonly turns: ReadonlyMap<HostName, Turn>;
  /** Failures that an operator has looked at and resumed after: they are not held against it any more. */
  readonly forgiven: ReadonlySet<HostName>;
  /** When all that had begun was seen to have ended; null when it has not, or nobody has looked. */
  readonly settledAt: number | null;
  readonly paused: { readonly by: string; readonly at: number } | null;
  readonly now: number;
};

export type StopReason =
  /** `batch` is null when it is the limit of the whole roll-out. */
  | {
      readonly kind: 'failures';
      readonly hosts: readonly HostName[];
      readonly limit: number;
      readonly batch: number | null;
    }
  /** All hosts of the first batch have failed, though so many might: nothing shows that it works anywhere. */
  | { readonly kind: 'no-success'; readonly hosts: readonly HostName[] };

export type Decision =
  | { readonly kind: 'release'; readonly batch: number; readonly hosts: readonly HostName[] }
  /** Write down that all that had begun has ended: from then on it soaks. */
  | { readonly kind: 'settle' }
  /** `until` is null while it is for hosts to say something, for those of other runs to be done, or for a calendar. */
  | { readonly kind: 'wait'; readonly for: 'hosts' | 'soak' | 'locks' | 'calendar'; readonly until: number | null }
  /** Nothing can be done until a host is there again. */
  | { readonly kind: 'wait-offline'; readonly hosts: readonly HostName[]; readonly limit: number | null }
  | { readonly kind: 'paused'; readonly by: string; readonly at: number }
  /** Until an operator resumes it. */
  | { readonly kind: 'stopped'; readonly reason: StopReason }
  | { readonly kind: 'finished' };

export function decide(view: RolloutView): Decision {
  const { held, underWay, overdue } = sortTurns(view);
  if (held.length + underWay.length + overdue.length === 0) return { kind: 'finished' };
  if (held.length === 0) return FOR_HOSTS;
  const reason = stopReason(view);
  if (reason !== null) return { kind: 'stopped', reason };
  if (view.paused !== null) return { kind: 'paused', ...view.paused };
  const current = lastBegun(view);
  return current === null ? begin(view, 0) : proceed(view, current);
}

/** Whether a turn counts as a failure, by what is known of it so far. */
export function isFailed(turn: Turn | undefined): boolean {
  return turn !== undefined && (turn.status === 'bad' || turn.status === 'overdue' || turn.why !== null);
}

/** What stops it, if anything does: failures beyond a limit. Silence beyond what a job may take is one. */
export function stopReason(view: RolloutView): StopReason | null {
  const { rollout, batches, turns, forgiven } = view;
  const hasFailed = (host: HostName): boolean => isFailed(turns.get(host));
  const isFailure = (host: HostName): boolean => hasFailed(host) && !forgiven.has(host);
  const hosts = [...turns.keys()].filter(isFailure);
  if (hosts.length > rollout.maxFailures) return { kind: 'failures', hosts, limit: rollout.maxFailures, batch: null };
  for (const [batch, members] of batches.entries()) {
    const failed = members.filter(isFailure);
    const limit = rollout.batches[batch]?.maxFailures ?? 0;
    if (failed.length > limit) return { kind: 'failures', hosts: failed, limit, batch };
  }
  const first = batches[0] ?? [];
  return first.length > 0 && first.every(hasFailed) ? { kind: 'no-success', hosts: first } : null;
}

type SortedTurns = Readonly<Record<'held' | 'underWay' | 'overdue', readonly HostName[]>>;

export function sortTurns({ turns }: RolloutView): SortedTurns {
  const withStatus = (status: TurnStatus): readonly HostName[] =>
    [...turns].flatMap(([host, turn]) => (turn.status === status ? [host] : []));
  return { held: withStatus('held'), underWay: withStatus('under-way'), overdue: withStatus('overdue') };
}

const FOR_HOSTS: Decision = { kind: 'wait', for: 'hosts', until: null };

/** Goes on with the last batch that has begun, or from it to the next. */
function proceed(view: RolloutView, current: number): Decision {
  if (ready(view, current).length > 0) return begin(view, current);
  if (sortTurns(view).underWay.length > 0) return FOR_HOSTS;
  const unreachable = waitingFor(view, current);
  const done = view.batches.slice(0, current + 1).flat();
  const hasSuccess = done.some((host) => view.turns.get(host)?.status === 'good');
  const next = view.batches.findIndex((_, batch) => batch > current && readyIn(view, batch).length > 0);
  if (!hasSuccess || next === -1) return { kind: 'wait-offline', hosts: waitingFor(view, null), limit: null };
  const { maxUnreachable, soakMs } = view.rollout;
  if (unreachable.length > maxUnreachable) return { kind: 'wait-offline', hosts: unreachable, limit: maxUnreachable };
  if (view.settledAt === null) return { kind: 'settle' };
  const until = view.settledAt + soakMs;
  // What was just written down may be later than what is known of the hosts.
  return soakMs > 0 && view.now < until ? { kind: 'wait', for: 'soak', until } : begin(view, next);
}

/** Gives hosts of the batch, and those before that were away, their orders, as far as there is room. */
function begin(view: RolloutView, batch: number): Decision {
  const due = ready(view, batch);
  if (due.length === 0) return { kind: 'wait-offline', hosts: waitingFor(view, batch), limit: null };
  const atWork = takingRoom(view);
  const hosts = together(view, due, atWork);
  const room = (view.batches[batch]?.length ?? 0) - atWork.length;
  return room > 0 && hosts.length > 0 ? { kind: 'release', batch, hosts: hosts.slice(0, room) } : FOR_HOSTS;
}

/** Those of the hosts that may be under way with all that are at work, and with each other. */
function together(
  { groups }: RolloutView,
  hosts: readonly HostName[],
  atWork: readonly HostName[],
): readonly HostName[] {
  const taken = new Set(atWork.map((host) => groups.get(host)));
  const free = hosts.filter((host) => [...taken].every((group) => group === groups.get(host)));
  const [lead] = free;
  return lead === undefined ? [] : free.filter((host) => groups.get(host) === groups.get(lead));
}

/** Hosts that may be at work. One that was silent when an operator resumed is given up: he has said to go on without it. */
function takingRoom(view: RolloutView): readonly HostName[] {
  const { underWay, overdue } = sortTurns(view);
  return [...underWay, ...overdue.filter((host) => !view.forgiven.has(host))];
}

/** The last batch that any host of has begun; null before the first. */
export function lastBegun({ batches, turns }: RolloutView): number | null {
  const index = batches.findLastIndex((hosts) =>
    hosts.some((host) => !['held', 'missed'].includes(turns.get(host)?.status ?? 'held')),
  );
  return index === -1 ? null : index;
}

/** Hosts up to and with a batch that are held and there; first those of the batch itself. */
function ready(view: RolloutView, upTo: number): readonly HostName[] {
  const before = view.batches.flatMap((_, batch) => (batch < upTo ? readyIn(view, batch) : []));
  return [...readyIn(view, upTo), ...before];
}

function readyIn({ batches, turns }: RolloutView, batch: number): readonly HostName[] {
  return (batches[batch] ?? []).filter((host) => {
    const turn = turns.get(host);
    return turn?.status === 'held' && turn.reachable;
  });
}

/** Hosts that are held, up to and with a batch or of all, and whose workers are away. */
function waitingFor({ batches, turns }: RolloutView, upTo: number | null): readonly HostName[] {
  const hosts = upTo === null ? batches.flat() : batches.slice(0, upTo + 1).flat();
  return hosts.filter((host) => {
    const turn = turns.get(host);
    return turn?.status === 'missed' || (turn?.status === 'held' && !turn.reachable);
  });
}
