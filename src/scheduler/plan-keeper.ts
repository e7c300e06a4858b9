import { stat } from 'node:fs/promises';
import { loadFleet } from '../config/load.ts';
import { countText } from '../core/count-text.ts';
import { CelerootError } from '../core/errors.ts';
import { readCalendars } from '../fleet/read-calendars.ts';
import { resolveSchedule } from '../fleet/resolve-schedule.ts';
import type { Plan } from './scheduler-context.ts';

/** The file as it was last found good. */
export type PlanKeeper = {
  readonly plan: () => Plan;
  /** Reads it again if it, or a calendar's file, was changed and is no longer being written; whether the plan is new. */
  readonly refresh: () => Promise<boolean>;
};

type Source = { readonly file: string; readonly env: Readonly<Record<string, string | undefined>> };

/** @throws ConfigError when the file is not good to begin with. */
export async function keepPlan({ file, env }: Source, log: (line: string) => void): Promise<PlanKeeper> {
  let { plan, stamp: seen } = await readStill({ file, env });
  let last = seen;
  let trouble: string | null = null;
  return {
    plan: () => plan,
    refresh: async () => {
      const before = last;
      last = await stampOf(plan);
      // Who writes it in pieces is waited for: half a file may be a good one, in which schedules are missing.
      if (last !== before) return false;
      // What is wrong may be in a file that only the new one names.
      if (last === seen && trouble === null) return false;
      seen = last;
      try {
        ({ plan, stamp: seen } = await readStill({ file, env }));
      } catch (error) {
        if (!(error instanceof CelerootError)) throw error;
        if (error.message !== trouble) {
          log(`${file} was changed and is not good, so what it said before goes on: ${error.message}`);
        }
        trouble = error.message;
        return false;
      }
      last = seen;
      trouble = null;
      log(`read ${file} anew: ${countText(plan.schedules.length, 'schedule')}`);
      return true;
    },
  };
}

/** Reads between two looks at the files that find the same: what is written in between is not taken for read. */
async function readStill(source: Source): Promise<{ readonly plan: Plan; readonly stamp: string }> {
  for (let before: string | null = null; ;) {
    const plan = await readPlan(source);
    const stamp = await stampOf(plan);
    if (stamp === before) return { plan, stamp };
    before = stamp;
  }
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
