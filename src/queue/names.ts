import type { RunId } from '../core/ids.ts';
import type { HostName, ScheduleName } from '../core/names.ts';
import { queueNameOf, type Destination } from '../core/run.ts';

/**
 * What every key of an environment starts with. The braces are a hash tag: they keep an environment in one slot of a
 * cluster, so that BullMQ's scripts may touch several of its keys at once.
 */
export function prefixFor(environment: string | null): string {
  return environment === null ? '{celeroot}' : `{celeroot:${environment}}`;
}

export type Keys = {
  readonly prefix: string;
  /** Sorted set of run ids by the time they were made. */
  readonly runs: string;
  /** Hash of trust files by version. */
  readonly trust: string;
  /** Hash of pauses by schedule. */
  readonly pauses: string;
  /** Hash of how far the slots of each rule are decided. */
  readonly decidedUntil: string;
  /** Hash of slots that fired and whose orders are not all sent, with how far they are. */
  readonly unsent: string;
  /** Hash of when slots that wait were first looked at. */
  readonly noticed: string;
  /** Sorted set of the decided slots of a schedule. */
  readonly slots: (schedule: ScheduleName) => string;
  /** The decision on a slot. */
  readonly slot: (schedule: ScheduleName, slot: number) => string;
  /** Which scheduler sends its orders. */
  readonly sender: (schedule: ScheduleName, slot: number) => string;
  readonly run: (id: RunId) => string;
  /** Which call has just stored its record. */
  readonly writer: (id: RunId) => string;
  /** Stream of what one host reports on a run; with null, of what operators do. */
  readonly reports: (id: RunId, from: HostName | null) => string;
  readonly cancel: (id: RunId) => string;
  /** Of a run that is rolled out: orders whose turn has not come, what its drivers and operators did, who drives it. */
  readonly orders: (id: RunId) => string;
  readonly rollout: (id: RunId) => string;
  readonly driver: (id: RunId) => string;
  /** Sorted set of the roll-outs that schedulers look after, by when nothing can come of them any more. */
  readonly rollouts: string;
  /** Hash of the hosts that are in the middle of a change. */
  readonly locks: string;
  readonly presence: (host: HostName) => string;
  readonly facts: (host: HostName) => string;
  /** Stream of the orders a host refused. */
  readonly refusals: (host: HostName) => string;
  /** What the two sides of one join by token say to each other. */
  readonly join: (id: string, part: 'offer' | 'reply') => string;
  /** One of BullMQ's own keys of a queue, e.g. `wait`, or the hash of a job by its id. */
  readonly queue: (to: Destination, part: string) => string;
};

export function keysFor(environment: string | null): Keys {
  const prefix = prefixFor(environment);
  return {
    prefix,
    runs: `${prefix}:runs`,
    trust: `${prefix}:trust`,
    pauses: `${prefix}:schedules:pauses`,
    decidedUntil: `${prefix}:schedules:decided-until`,
    unsent: `${prefix}:schedules:unsent`,
    noticed: `${prefix}:schedules:noticed`,
    slots: (schedule) => `${prefix}:schedule:${schedule}:slots`,
    slot: (schedule, slot) => `${prefix}:schedule:${schedule}:slot:${slot}`,
    sender: (schedule, slot) => `${prefix}:schedule:${schedule}:slot:${slot}:sender`,
    run: (id) => `${prefix}:run:${id}`,
    writer: (id) => `${prefix}:run:${id}:writer`,
    // No host is called by the empty word, so none can write what only operators may.
    reports: (id, from) => `${prefix}:run:${id}:reports:${from ?? ''}`,
    cancel: (id) => `${prefix}:run:${id}:cancel`,
    orders: (id) => `${prefix}:run:${id}:orders`,
    rollout: (id) => `${prefix}:run:${id}:rollout`,
    driver: (id) => `${prefix}:run:${id}:driver`,
    rollouts: `${prefix}:rollouts`,
    locks: `${prefix}:locks`,
    presence: (host) => `${prefix}:presence:${host}`,
    facts: (host) => `${prefix}:facts:${host}`,
    refusals: (host) => `${prefix}:refusals:${host}`,
    join: (id, part) => `${prefix}:join:${id}:${part}`,
    queue: (to, part) => `${prefix}:${queueNameOf(to)}:${part}`,
  };
}
