import { loadFleet } from '../../src/config/load.ts';
import { readCalendars } from '../../src/fleet/read-calendars.ts';
import { resolveSchedule } from '../../src/fleet/resolve-schedule.ts';
import { scheduleAuthority, schedulerSender } from '../../src/fleet/schedule-authority.ts';
import type { ControllerBroker } from '../../src/queue/broker.ts';
import { beat } from '../../src/scheduler/beat.ts';
import { newMemory, type Plan, type Scheduler } from '../../src/scheduler/scheduler-context.ts';

/** A clock that the test moves, and that a scheduler may see otherwise than Redis does. */
export type StageClock = { now: number };

export type StagedScheduler = {
  readonly beat: () => Promise<number>;
  /** As SIGKILL would: all that it remembered is gone. */
  readonly kill: () => void;
  readonly log: string[];
  /** What its clock is ahead of the true time. */
  ahead: number;
};

export async function readStagePlan(file: string): Promise<Plan> {
  const fleet = loadFleet(file, {});
  const calendars = await readCalendars(fleet);
  return {
    fleet,
    schedules: [...fleet.schedules.values()].map((schedule) => resolveSchedule(fleet, schedule, calendars)),
  };
}

export type StageOptions = {
  readonly plan: () => Plan;
  readonly time: StageClock;
  /** What stands between it and Redis. */
  readonly broker: () => ControllerBroker;
  /** Milliseconds that pass in truth, not on the stage. */
  readonly leaseMs?: number;
};

let count = 0;

/** A scheduler that beats when the test says so. */
export function stageScheduler({ plan, time, broker, leaseMs = 60_000 }: StageOptions): StagedScheduler {
  const start = (): Pick<Scheduler, 'memory' | 'owner'> => ({
    memory: newMemory(),
    owner: `scheduler-${(count += 1)}`,
  });
  let life = start();
  const staged: StagedScheduler = {
    beat: async () => {
      const clock = { now: () => time.now + staged.ahead };
      return await beat({
        ...life,
        clock,
        leaseMs,
        log: (line) => staged.log.push(line),
        broker: withTime(broker(), time),
        plan: plan(),
        senderOf: async (fleet) =>
          await schedulerSender(fleet, {
            by: 'scheduler',
            clock,
            randomBytes: (size) => crypto.getRandomValues(new Uint8Array(size)),
          }),
        authorityOf: async (fleet, schedule) =>
          await scheduleAuthority(fleet, schedule, {
            by: `schedule ${schedule.name}`,
            clock,
            randomBytes: (size) => crypto.getRandomValues(new Uint8Array(size)),
          }),
      });
    },
    kill: () => {
      life = start();
    },
    log: [],
    ahead: 0,
  };
  return staged;
}

/** Redis, with the time of the stage for its own. */
function withTime(broker: ControllerBroker, time: StageClock): ControllerBroker {
  return { ...broker, serverTime: () => Promise.resolve(time.now) };
}
