import { firstOf } from '../core/first-of.ts';
import type { ScheduleName } from '../core/names.ts';

/** Something that `celeroot schedules lint` found; an error is wrong in any case, a warning may be meant. */
export type ScheduleFinding = {
  readonly schedule: ScheduleName;
  readonly level: 'error' | 'warning';
  readonly code:
    | 'CANNOT_RUN'
    | 'NOT_SIGNED'
    | 'NEVER'
    | 'PAST'
    | 'CLOCK_CHANGE'
    | 'KEPT_BACK'
    | 'WINDOW_TOO_SHORT'
    | 'EMPTY_EVENT'
    | 'UNKNOWN_LABEL'
    | 'OVERLAP';
  readonly text: string;
};

/** `web1, web2 and 3 more`. */
export function someHosts(hosts: readonly string[]): string {
  return firstOf(hosts, MOST_NAMED);
}

const MOST_NAMED = 3;
