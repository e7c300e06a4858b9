import { stat } from 'node:fs/promises';
import { loadFleet } from '../config/load.ts';
import { CelerootError } from '../core/errors.ts';
import { readCalendars } from '../fleet/read-calendars.ts';
import { resolveSchedule } from '../fleet/resolve-schedule.ts';
import type { Plan } from './scheduler-context.ts';

/** The file as it was last found good. */
export type PlanKeeper = {
  readonly plan: () => Plan;
  /** Reads it again if it, or a calendar's file, was changed; says whether there is another plan. */
  readonly refresh: () => Promise<boolean>;
};

type Source = { readonly file: string; readonly env: Readonly<Record<string, string | undefined>> };

/** @throws ConfigError when the file is not good to begin with. */
export async function keepPlan({ file, env }: Source, log: (line: string) => void): Promise<PlanKeeper> {
  let plan = await readPlan({ file, env });
  let seen = await stampOf(plan);
  return {
    plan: () => plan,
    refresh: async () => {
      const stamp = await stampOf(plan);
      if (stamp === seen) return false;
      seen = stamp;
      try {
        plan = await readPlan({ file, env });
        seen = await stampOf(plan);
        log(`read ${file} anew: ${plan.schedules.length} schedules`);
        return true;
      } catch (error) {
        if (!(error instanceof CelerootError)) throw error;
        log(`${file} was changed and is not good, so what it said before goes on: ${error.message}`);
        return false;
      }
    },
  };
}

async function readPlan({ file, env }: Source): Promise<Plan> {
  const fleet = loadFleet(file, env);
  const calendars = await readCalendars(fleet);
  const schedules = [...fleet.schedules.values()].map((schedule) => resolveSchedule(fleet, schedule, calendars));
  return { fleet, schedules };
}

/** What tells that one of the files is another than it was. */
async function stampOf({ fleet }: Plan): Promise<string> {
  const files = [fleet.file, ...[...fleet.calendars.values()].flatMap((calendar) => calendar.files)];
  const stamps = await Promise.all(
    files.map(async (each) => {
      const stats = await stat(each, { bigint: true }).catch(() => null);
      return stats === null ? 'gone' : [stats.ino, stats.size, stats.mtimeNs].join();
    }),
  );
  return stamps.join(' ');
}
