import type { BrokerSettings } from '../core/broker-settings.ts';
import type { Target } from '../core/host-selector.ts';
import type { Json } from '../core/json.ts';
import type { FleetName, HostName, QueueName, RoleName, ScheduleName } from '../core/names.ts';
import type { CalendarTimes } from '../schedule/calendar.ts';
import type { SlotRules } from '../schedule/decide.ts';
import type { Timing } from '../schedule/slots.ts';
import type { Zone } from '../schedule/zone.ts';
import type { PreviousKey } from './previous-key.ts';
import type { CalendarSection, ScheduleSection } from './schedule-schema.ts';
import type { RolloutRules } from '../rollout/rules.ts';
import type { Size } from '../rollout/size.ts';

export type Role = {
  readonly name: RoleName;
  readonly description: string | null;
  readonly queues: readonly QueueName[];
  readonly concurrency: number;
  readonly tasks: readonly string[];
  readonly exclude: readonly string[];
  /** How many of its hosts may be in the middle of a change at once; null for any number. */
  readonly maxUnavailable: Size | null;
};

export type Host = {
  readonly name: HostName;
  readonly address: string;
  readonly roles: readonly RoleName[];
  readonly description: string | null;
  /** Its public key; null when it was not accepted yet. */
  readonly key: string | null;
  /** The one it had before and may still sign with, while a rotation is not finished; else null. */
  readonly outgoingKey: string | null;
  readonly previousKeys: readonly PreviousKey[];
  /** `sha256:` and the digest of its own password for Redis; null when it has none. */
  readonly brokerPassword: string | null;
  /** The name that its machine goes by until it is told the new one; null when it knows. */
  readonly renamedFrom: HostName | null;
  /** The identity of the machine that was accepted; null when none was told. */
  readonly machine: string | null;
  readonly labels: Readonly<Record<string, string>>;
};

export type Schedule = Omit<SlotRules, 'misfire'> & {
  readonly name: ScheduleName;
  readonly description: string | null;
  readonly task: string;
  readonly args: Readonly<Record<string, Json>>;
  readonly target: Target;
  readonly timing: Timing;
  /** Zone of its times, also of those that are shown. */
  readonly zone: Zone;
  readonly splayMs: number;
  /** Null leaves it to the task. */
  readonly misfire: SlotRules['misfire'] | null;
  readonly deadlineMs: number;
  readonly ignoredCalendars: readonly string[];
  /** A name of `rollouts`; null where each host begins at its own moment. */
  readonly rollout: string | null;
  readonly section: ScheduleSection;
};

/** A calendar as far as it stands in the file itself. */
export type CalendarConfig = {
  readonly name: ScheduleName;
  readonly kind: 'freeze' | 'maintenance';
  readonly zone: Zone;
  readonly times: readonly CalendarTimes[];
  /** Absolute paths of iCalendar files. */
  readonly files: readonly string[];
  /** Names and globs; neither roles nor hosts means all. */
  readonly roles: readonly string[];
  readonly hosts: readonly string[];
  readonly section: CalendarSection;
};

/** A valid `celeroot.yaml`: every role a host names exists, defaults are filled in. Frozen. */
export type FleetConfig = {
  /** Absolute path of the file. */
  readonly file: string;
  readonly fleet: FleetName;
  readonly roots: readonly string[];
  /** Absolute paths. */
  readonly trustFile: string;
  readonly signingKeyFile: string;
  /** Null when the scheduler signs as an operator. */
  readonly schedulerKeyFile: string | null;
  readonly standingOrdersFile: string;
  readonly rootKeyFile: string;
  readonly journalFile: string;
  readonly broker: BrokerSettings;
  readonly roles: ReadonlyMap<RoleName, Role>;
  readonly hosts: ReadonlyMap<HostName, Host>;
  readonly rollouts: ReadonlyMap<string, RolloutRules>;
  readonly calendars: ReadonlyMap<ScheduleName, CalendarConfig>;
  readonly schedules: ReadonlyMap<ScheduleName, Schedule>;
};

/** What one worker needs to know, from the fleet's YAML or from a worker file. */
export type WorkerConfig = {
  readonly file: string;
  readonly fleet: FleetName;
  readonly host: HostName;
  readonly roots: readonly string[];
  /** The oldest version of the trust file that the host takes. */
  readonly leastTrust: number;
  readonly broker: BrokerSettings;
  /** The host's roles only. */
  readonly roles: readonly Role[];
};
