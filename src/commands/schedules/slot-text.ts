import type { Schedule } from '../../config/fleet-config.ts';
import { countText } from '../../core/count-text.ts';
import type { SchedulePause } from '../../core/schedule-pause.ts';
import type { SlotRecord } from '../../core/slot-record.ts';
import type { Decision } from '../../schedule/decide.ts';
import { writeWall } from '../../schedule/wall-clock.ts';
import { wallAt, type Zone } from '../../schedule/zone.ts';
import { someHosts } from '../../fleet/schedule-finding.ts';

/** `2026-12-24 18:00 Europe/Amsterdam`. */
export function slotTime(zone: Zone, at: number): string {
  return `${writeWall(wallAt(zone, at))} ${zone.name}`;
}

/** When a schedule fires, as written: `cron 0 3 * * *`. */
export function timingText({ section }: Schedule): string {
  const { cron, every, at = [], anchor } = section;
  if (cron !== undefined) return `cron ${cron}`;
  if (every !== undefined) return `every ${every}${anchor === undefined ? '' : ` from ${anchor}`}`;
  return `at ${at.join(', ')}`;
}

/** Empty for a schedule that is not paused any more. */
export function pauseText(pause: SchedulePause | null, zone: Zone, now: number): string {
  if (pause === null || (pause.until !== null && pause.until <= now)) return '';
  return `paused ${pause.until === null ? '' : `until ${slotTime(zone, pause.until)} `}by ${pause.by}`;
}

/** What is not as it would be without calendars and pauses; empty when nothing is. */
export function decisionText(decision: Decision): string {
  if (decision.kind !== 'fire') return `skipped: ${decision.reason.text}`;
  const putOff = decision.starts.filter((start) => start.putOffBy !== null);
  const [first] = putOff;
  const [leftOut] = decision.leftOut;
  return [
    ...(leftOut === undefined
      ? []
      : [`left out ${someHosts(decision.leftOut.map(({ host }) => host))}: ${leftOut.reason.text}`]),
    ...(first === undefined ? [] : [`put off by ${first.putOffBy}: ${someHosts(putOff.map(({ host }) => host))}`]),
  ].join('; ');
}

/** How many hosts begin, and the first of them by name. */
export function hostsText(decision: Decision): string {
  const hosts = decision.kind === 'fire' ? decision.starts.map(({ host }) => host) : [];
  return hosts.length === 0 ? '0' : `${hosts.length}: ${someHosts(hosts)}`;
}

/** What was decided on a slot that is past. */
export function recordText(record: SlotRecord): string {
  if (record.kind === 'miss') {
    const before = record.count === 1 ? '' : `, with ${record.count - 1} before it`;
    return `missed${before}: ${record.reason.text}`;
  }
  const leftOut = record.leftOut.length === 0 ? '' : `; left out ${someHosts(record.leftOut.map(({ host }) => host))}`;
  return `run ${record.run} on ${countText(record.starts.length, 'host')}${leftOut}`;
}
