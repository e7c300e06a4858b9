import type { HostPresence } from './host-presence.ts';
import type { JobId } from './ids.ts';
import type { HostName } from './names.ts';
import type { RunState } from './run-state.ts';

/** What is known of a run at one moment. */
export type RunSnapshot = {
  readonly state: RunState;
  /** For jobs that have not ended: whether a host that can do the job is there. */
  readonly presences: ReadonlyMap<JobId, HostPresence>;
  /** How many reports were left out, because they do not bear the key of the host they name. */
  readonly forged: number;
  /** Hosts whose reports are left out, because they are more than a host says and a reader can take. */
  readonly oversized?: readonly HostName[];
  /** Jobs of a roll-out whose turn has not come. */
  readonly held?: ReadonlySet<JobId>;
  /** Milliseconds since 1970. */
  readonly now: number;
};
