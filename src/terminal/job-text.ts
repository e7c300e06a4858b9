import { firstOf } from '../core/first-of.ts';
import { formatAge, formatDuration } from '../core/duration.ts';
import type { HostPresence } from '../core/host-presence.ts';
import type { PackageHealth } from '../core/outcome.ts';
import { isGood, type Activity, type JobEnd, type JobState } from '../core/run-state.ts';
import { statusIn, type JobTurn, type RunSnapshot } from '../core/run-snapshot.ts';
import { plainText } from './plain-text.ts';
import type { Style } from './style.ts';
import { formatTime } from './time-text.ts';

/** What a line about a job says, before it is laid out. All of it is safe for a terminal. */
export type JobText = {
  readonly label: string;
  readonly symbol: string;
  readonly style: Style | null;
  /** One word. */
  readonly status: string;
  readonly detail: string;
  /** Progress within the phase, 0 to 100; null when there is none to show. */
  readonly percent: number | null;
  /** How long it has taken so far or took; empty when unknown. */
  readonly elapsed: string;
};

/** The host's name, or the queue a job for any host went to. */
export function jobLabel(job: JobState): string {
  return job.host ?? (job.to.kind === 'any' ? `any of ${job.to.queue}` : job.to.host);
}

export function describeJob(job: JobState, snapshot: RunSnapshot): JobText {
  const status = statusIn(snapshot, job);
  const presence = snapshot.presences.get(job.id) ?? null;
  return {
    label: jobLabel(job),
    ...LOOKS[status],
    status,
    percent: null,
    elapsed: elapsedText(job, presence, snapshot.now),
    ...(job.end === null ? openText(job, snapshot) : endedText(job.end, snapshot.turns?.get(job.id))),
  };
}

type Said = Pick<JobText, 'detail'> & Partial<JobText>;

/** What is said of a job whose end nobody has told. */
function openText(job: JobState, snapshot: RunSnapshot): Said {
  const status = statusIn(snapshot, job);
  if (status === 'held' || status === 'skipped') return { detail: turnText(snapshot.turns?.get(job.id)) };
  if (status === 'expired') return { detail: EXPIRED };
  return status === 'lost' ? { detail: lostText(job, snapshot.now) } : underWayText(job, snapshot);
}

function underWayText({ id, activity }: JobState, snapshot: RunSnapshot): Said {
  const presence = snapshot.presences.get(id);
  const text = activity === null ? { detail: '' } : activityText(activity);
  if (presence?.online !== false) return text;
  return activity === null ? { ...OFFLINE, detail: offlineText(presence, snapshot) } : { ...text, detail: WORKER_AWAY };
}

/** What a failed or unhealthy host says beyond its line: more of the reason, what to do, and what is wrong. */
export function describeTrouble(end: JobEnd): readonly string[] {
  if (!('outcome' in end)) return [];
  const { failure, health } = end.outcome;
  const reason = failure === null ? [] : failure.message.split('\n').slice(1);
  const hint = failure?.hint === null || failure?.hint === undefined ? [] : [`hint: ${failure.hint}`];
  return [...reason, ...hint, ...healthLines(health)].map(plainText).filter((line) => line !== '');
}

function healthLines(health: PackageHealth | null): readonly string[] {
  if (health === null) return [];
  const broken = health.broken.map((entry) => `${entry.package} (${entry.state})`);
  return [
    ...(broken.length === 0 ? [] : [`not fully installed: ${broken.slice(0, MAX_BROKEN).join(', ')}`]),
    ...(health.rebootRequired ? ['reboot required'] : []),
    ...serviceLines(health.servicesToRestart ?? []),
  ];
}

const MAX_BROKEN = 10;

function serviceLines(services: readonly string[]): readonly string[] {
  if (services.length === 0) return [];
  return [`services to restart: ${firstOf(services, MAX_SERVICES)}`];
}

const MAX_SERVICES = 10;

type Look = { readonly symbol: string; readonly style: Style | null };

const FAILED: Look = { symbol: '✗', style: 'red' };

const LOOKS: Readonly<Record<ReturnType<typeof statusIn>, Look>> = {
  held: { symbol: '·', style: 'dim' },
  skipped: FAILED,
  queued: { symbol: '…', style: 'dim' },
  accepted: { symbol: '▸', style: null },
  waiting: { symbol: '…', style: 'yellow' },
  running: { symbol: '▸', style: 'cyan' },
  changed: { symbol: '✓', style: 'green' },
  unchanged: { symbol: '✓', style: null },
  planned: { symbol: '✓', style: null },
  failed: FAILED,
  refused: FAILED,
  expired: { symbol: '✗', style: 'yellow' },
  cancelled: { symbol: '✗', style: 'yellow' },
  lost: { symbol: '?', style: 'red' },
};
const EXPIRED = 'the order expired before the host could begin';
const WORKER_AWAY = 'its worker is away; the job itself goes on';
const OFFLINE = { symbol: '…', style: 'dim', status: 'offline' } as const;

function turnText(turn: JobTurn | undefined): string {
  if (turn?.kind === 'failed') return plainText(`left out: ${turn.why.split('\n')[0] ?? ''}`);
  return turn?.begun === true ? 'its host is at what comes before it' : 'its turn has not come';
}

/** A job that did well leaves its host failed where something else in its turn did not. */
function endedText(end: JobEnd, turn: JobTurn | undefined): Said {
  const detail = endText(end);
  if (turn?.kind !== 'failed' || !isGood(end.status)) return { detail };
  const why = plainText(turn.why.split('\n')[0] ?? '');
  return { ...FAILED, detail: detail === '' ? `but ${why}` : `${detail}, but ${why}` };
}

function endText(end: JobEnd): string {
  if ('outcome' in end) return plainText(end.outcome.failure?.message.split('\n')[0] ?? end.outcome.summary);
  switch (end.status) {
    case 'refused':
      return plainText(`${end.code}: ${end.message}`);
    case 'expired':
      return EXPIRED;
    case 'cancelled':
      return plainText(end.message);
  }
}

function lostText(job: JobState, now: number): string {
  const last = job.lastWordAt === null ? '' : `; the last one ${formatAge(now - job.lastWordAt)}`;
  return `no word from the host${last}`;
}

function offlineText(presence: HostPresence & { readonly online: false }, { state, now }: RunSnapshot): string {
  const seen = presence.lastSeenAt === null ? 'never seen' : `last seen ${formatAge(now - presence.lastSeenAt)}`;
  return `${seen}; waits until ${formatTime(state.run.expiresAt, now)}`;
}

function activityText(activity: Activity): Pick<JobText, 'status' | 'detail' | 'percent'> {
  switch (activity.status) {
    case 'accepted':
      return {
        status: 'accepted',
        detail: activity.interrupted ? 'was interrupted, starts again' : '',
        percent: null,
      };
    case 'waiting':
      return { status: 'waiting', detail: waitingText(activity), percent: null };
    case 'running':
      return {
        status: activity.phase,
        detail: plainText(activity.text || (activity.package ?? '')),
        percent: activity.percent,
      };
  }
}

function waitingText(activity: Activity & { readonly status: 'waiting' }): string {
  const what = activity.for === 'turn' ? 'for its turn on the host' : 'for apt’s lock';
  return activity.holder === null ? what : plainText(`${what}, held by ${activity.holder}`);
}

/** By the host's own clock, whose difference from ours its presence tells. */
function elapsedText(job: JobState, presence: HostPresence | null, now: number): string {
  if (job.firstWordAt === null) return '';
  const offset = presence?.online === true ? presence.presence.clockOffsetMs : 0;
  const until = job.end?.at ?? now + offset;
  return formatDuration(until - job.firstWordAt);
}
