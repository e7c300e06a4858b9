import { type ScheduleName, scheduleNameSchema } from '../core/names.ts';
import { parseJsonAs } from '../core/parse-json-as.ts';
import { signedByKeySchema, type SignedByKey } from '../core/signed.ts';
import type { StoredPauses } from './broker.ts';
import type { Link } from './link.ts';

/** Which schedules are said to be paused: in Redis, where every scheduler sees it and it outlives them all. */
export async function readPauses({ ask, keys }: Link): Promise<StoredPauses> {
  const stored = await ask((client) => client.hgetall(keys.pauses));
  return new Map(
    Object.entries(stored).flatMap(([text, value]) => {
      const name = scheduleNameSchema.safeParse(text).data;
      return name === undefined ? [] : [[name, parseJsonAs(signedByKeySchema, value)] as const];
    }),
  );
}

export async function savePause({ ask, keys }: Link, name: ScheduleName, pause: SignedByKey): Promise<void> {
  await ask((client) => client.hset(keys.pauses, name, JSON.stringify(pause)));
}

/** Returns whether it was there. */
export async function dropPause({ ask, keys }: Link, name: ScheduleName): Promise<boolean> {
  return (await ask((client) => client.hdel(keys.pauses, name))) > 0;
}
