import type { Clock } from '../core/clock.ts';
import { DAY_MS } from '../schedule/wall-clock.ts';

/** Says a line again only after a day: what holds for weeks is looked at with every slot. */
export function sayDaily(clock: Clock, say: (line: string) => void): (line: string) => void {
  const saidAt = new Map<string, number>();
  return (line) => {
    const now = clock.now();
    if (now - (saidAt.get(line) ?? -Infinity) < DAY_MS) return;
    saidAt.set(line, now);
    say(line);
  };
}
