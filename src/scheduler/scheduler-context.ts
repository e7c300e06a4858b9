import type { FleetConfig, Schedule } from '../config/fleet-config.ts';
import type { Clock } from '../core/clock.ts';
import type { HostName, ScheduleName } from '../core/names.ts';
import type { FireRecord } from '../core/slot-record.ts';
import type { Sender, SignedRun } from '../fleet/dispatch-run.ts';
import type { ResolvedSchedule } from '../fleet/resolve-schedule.ts';
import type { ScheduleAuthority } from '../fleet/schedule-authority.ts';
import type { ControllerBroker } from '../queue/broker.ts';
import type { SlotId } from '../queue/slot-store.ts';

/** What the file says: the fleet, and its schedules with their hosts and calendars. */
export type Plan = { readonly fleet: FleetConfig; readonly schedules: readonly ResolvedSchedule[] };

/** A slot whose orders this scheduler sends. */
export type Sending = {
  readonly id: SlotId;
  readonly record: FireRecord;
  /** When an order that is not sent by then is of no use any more. */
  readonly endsAt: number;
  /** Null until the first of them is sent. */
  signed: SignedRun | null;
  /** Orders of hosts that begin up to then are sent. */
  sentUntil: number;
  /** Hosts beyond that which were sent theirs: others wait until their roles let more be changed at once. */
  readonly given: Set<HostName>;
};

/** What one scheduler remembers by itself; what it forgets when it dies, Redis knows well enough. */
export type SchedulerMemory = {
  /** Up to when the slots of a rule are decided. Redis may lose it. */
  readonly decidedUntil: Map<string, number>;
  /** From when a rule counts that nobody has seen before: when the file was last read anew; null for now. */
  newRulesFrom: number | null;
  readonly sendings: Map<string, Sending>;
  /** Runs whose orders it leaves to others until their time is over: who decided on them is in no trust file here. */
  readonly distrusted: Set<string>;
  /** What was said of the last slot of each schedule that was looked at: one that waits is looked at again and again. */
  readonly told: Map<ScheduleName, { readonly slot: number; readonly lines: Set<string> }>;
};

export type SchedulerOptions = {
  /** Names this scheduler among all that run. */
  readonly owner: string;
  readonly clock: Clock;
  /** How long it keeps the right to send a slot's orders without a sign of life. */
  readonly leaseMs: number;
  /** With whose word a schedule is fired. */
  readonly authorityOf: (fleet: FleetConfig, schedule: Schedule) => Promise<ScheduleAuthority>;
  /** Who decides on slots, and by whose trust file it believes what others have decided; always asked first. */
  readonly senderOf: (fleet: FleetConfig) => Promise<Pick<Sender, 'fleet' | 'key' | 'trust'>>;
  readonly log: (line: string) => void;
};

export type Scheduler = SchedulerOptions & {
  readonly memory: SchedulerMemory;
  readonly broker: ControllerBroker;
  readonly plan: Plan;
};

export function newMemory(): SchedulerMemory {
  return { decidedUntil: new Map(), newRulesFrom: null, sendings: new Map(), distrusted: new Set(), told: new Map() };
}
