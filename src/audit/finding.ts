import type { HostName } from '../core/names.ts';

/**
 * `changed`: what is written down was changed, or does not fit what was done. `outside`: a host was changed by
 * somebody else than this controller, which may be as it should. `note`: worth knowing.
 */
export type Severity = 'changed' | 'outside' | 'note';

/** Something that `audit verify` found. */
export type Finding = {
  readonly severity: Severity;
  /** Whose log or history it is in; null for the controller's journal. */
  readonly host: HostName | null;
  /** The line of that log or journal; null when it is about none. */
  readonly line: number | null;
  /** Milliseconds since 1970; null when no time is known. */
  readonly at: number | null;
  /** A short name for programs: `log-changed`, `journal-cut`, `apt-outside`. */
  readonly what: string;
  /** A sentence for people; it may quote what a host said. */
  readonly text: string;
};
