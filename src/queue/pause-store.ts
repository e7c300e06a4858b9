import { type ScheduleName, scheduleNameSchema } from '../core/names.ts';
import { parseJsonAs } from '../core/parse-json-as.ts';
import { type SchedulePause, schedulePauseSchema } from '../core/schedule-pause.ts';
import type { Link } from './link.ts';

/**
 * Which schedules are paused: in Redis, where every scheduler sees it and it outlives them all. Not signed: whoever can
 * write there could keep orders back anyway, and taking a pause away fires nothing but what the fleet's file says.
 */
export async function readPauses({ ask, keys }: Link): Promise<ReadonlyMap<ScheduleName, SchedulePause>> {
  const stored = await ask((client) => client.hgetall(keys.pauses));
  return new Map(
    Object.entries(stored).flatMap(([text, value]) => {
      const name = scheduleNameSchema.safeParse(text).data;
      // Something else under a name is somebody's wish to pause it that went wrong: no reason to fire.
      const pause = parseJsonAs(schedulePauseSchema, value) ?? { until: null, by: 'unknown', at: 0 };
      return name === undefined ? [] : [[name, pause] as const];
    }),
  );
}

export async function savePause({ ask, keys }: Link, name: ScheduleName, pause: SchedulePause): Promise<void> {
  await ask((client) => client.hset(keys.pauses, name, JSON.stringify(pause)));
}

/** Returns whether it was there. */
export async function dropPause({ ask, keys }: Link, name: ScheduleName): Promise<boolean> {
  return (await ask((client) => client.hdel(keys.pauses, name))) > 0;
}
