import { firstOf } from '../core/first-of.ts';
import type { HostEvent } from '../audit/host-event.ts';
import type { JournalEvent } from '../audit/journal-event.ts';
import { formatMoment } from './time-text.ts';

/** An entry of a journal or a host's log as cells of a table. */
export type EntryText = {
  readonly what: string;
  readonly who: string;
  readonly target: string;
  readonly run: string;
  readonly detail: string;
};

const EMPTY: EntryText = { what: '', who: '', target: '', run: '', detail: '' };

export function journalEntryText(event: JournalEvent): EntryText {
  if (isAboutRun(event)) {
    return { ...EMPTY, what: event.kind, who: event.by, run: event.run, detail: 'task' in event ? event.task : '' };
  }
  if (isAboutSchedule(event)) return scheduleText(event);
  if (isAboutLogs(event)) return logsText(event);
  switch (event.kind) {
    case 'run':
      return runText(event);
    case 'trust':
      return { ...EMPTY, what: `trust file ${event.version}`, who: event.by, detail: event.what };
    case 'host':
      return { ...EMPTY, what: `host ${event.what}`, who: event.by, target: event.host, detail: event.detail };
    case 'journal-begun':
    case 'line-repaired':
    case 'damage-found':
      return { ...EMPTY, what: event.kind };
  }
}

/** What is known of hosts' logs. */
type LogsEvent = Extract<JournalEvent, { kind: 'seen' | 'verified' | 'findings-accepted' }>;

function isAboutLogs(event: JournalEvent): event is LogsEvent {
  return ['seen', 'verified', 'findings-accepted'].includes(event.kind);
}

function logsText(event: LogsEvent): EntryText {
  switch (event.kind) {
    case 'seen':
      return { ...EMPTY, what: 'heads seen', run: event.run, detail: headsText(event.heads) };
    case 'verified':
      return { ...EMPTY, what: 'logs verified', detail: headsText(event.heads) };
    case 'findings-accepted':
      return { ...EMPTY, what: 'findings accepted', who: event.by, detail: event.why };
  }
}

/** What somebody did with a run that was made before. */
type RunAct = Extract<JournalEvent, { kind: 'second-signature' | 'cancel' | 'pause' | 'resume' }>;

function isAboutRun(event: JournalEvent): event is RunAct {
  return ['second-signature', 'cancel', 'pause', 'resume'].includes(event.kind);
}

type ScheduleAct = Extract<JournalEvent, { schedule: string }>;

function isAboutSchedule(event: JournalEvent): event is ScheduleAct {
  return 'schedule' in event;
}

function scheduleText(event: ScheduleAct): EntryText {
  const text = { ...EMPTY, what: event.kind.replace('-', ' '), who: event.by, target: event.schedule };
  if (event.kind === 'schedule-signed')
    return { ...text, detail: `${event.task}, until ${formatMoment(event.notAfter)}` };
  const until = event.kind === 'schedule-paused' ? event.until : null;
  return until === null ? text : { ...text, detail: `until ${formatMoment(until)}` };
}

function runText(event: Extract<JournalEvent, { kind: 'run' }>): EntryText {
  const { task, dryRun, by, target, run, hostCount, args } = event;
  const hosts = hostCount === 1 ? '1 host' : `${hostCount} hosts`;
  const detail = args === null || Object.keys(args).length === 0 ? hosts : `${hosts}, ${JSON.stringify(args)}`;
  return { what: dryRun ? `${task} (dry run)` : task, who: by, target, run, detail };
}

const MOST_SHOWN = 5;

function headsText(heads: readonly { readonly host: string; readonly size: number }[]): string {
  return firstOf(
    heads.map(({ host, size }) => `${host} ${size}`),
    MOST_SHOWN,
  );
}

/** Null for an entry that this celeroot does not know. */
export function hostEntryText(event: HostEvent | null): EntryText {
  if (event === null) return { ...EMPTY, what: 'unknown' };
  return {
    ...EMPTY,
    what: event.kind,
    who: 'by' in event ? event.by : '',
    run: 'job' in event ? event.job : '',
    detail: detailOf(event),
  };
}

function detailOf(event: HostEvent): string {
  if ('task' in event) return event.task;
  if (event.kind === 'refused') return event.code;
  if (event.kind === 'key-replaced') return event.key;
  if ('status' in event) return event.why === null ? event.status : `${event.status}: ${event.why}`;
  if ('attempt' in event) return `attempt ${event.attempt}`;
  if ('version' in event) return `version ${event.version}`;
  return 'count' in event ? `${event.count}: ${event.why}` : '';
}
