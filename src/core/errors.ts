/** Stable, documented error codes. One line here, one test that provokes it. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** Every code with the sentence `docs/exit-codes.md` prints for it. */
export const ERROR_CODES = {
  USAGE: 'a flag or an argument is wrong',
  UNKNOWN_HOST: 'the host is not in the configuration',
  UNKNOWN_ROLE: 'the role is not in the configuration',
  UNKNOWN_TASK: 'there is no task of that name',
  UNKNOWN_ROLLOUT: 'the configuration has no roll-out of that name',
  UNKNOWN_RUN: 'there is no run of that id',
  UNKNOWN_SCHEDULE: 'there is no schedule of that name',
  INVALID_ARGUMENTS: 'the arguments do not fit the task',
  NO_HOST_MATCHED: 'the target matches no host',
  NOTHING_TO_REPEAT: 'the run has no plan to apply, or nothing that failed',
  CONFIRMATION_NEEDED: 'the action needs a yes and there is no terminal to ask on',
  CONFIG_NOT_FOUND: 'no configuration file was found',
  CONFIG_UNREADABLE: 'the configuration file cannot be read',
  CONFIG_INVALID: 'the configuration file does not fit its schema',
  CONFIG_CHANGED: 'another editor changed or holds the configuration file',
  CONFIG_NOT_WRITABLE: 'the configuration file cannot be written',
  CONFIG_NOT_EDITABLE: 'the configuration file is written in a way that celeroot cannot edit safely',
  CONFIG_EXISTS: 'the file is already there and is not overwritten',
  CALENDAR_UNUSABLE: 'an iCalendar file of the configuration cannot be read',
  NOT_SIGNED: 'no operator has signed what a schedule says',
  SCHEDULES_FAULTY: '`celeroot schedules lint` found something wrong',
  KEY_UNUSABLE: 'the signing key is missing, readable by others or does not fit the fleet',
  TRUST_UNUSABLE: 'the trust file is missing, damaged or not signed by the fleet’s root keys',
  TRUST_OVERTAKEN: 'another controller has signed a trust file too, and hosts have that one',
  UNKNOWN_KEY: 'the trust file has no key of that name',
  KEY_EXISTS: 'the trust file has that key or name already',
  KEY_REVOKED: 'the key is revoked',
  NOT_GRANTED: 'the trust file does not let your key ask for that',
  JOIN_UNFINISHED: 'a machine did not finish joining',
  JOIN_ANSWER_INVALID: 'what came is not the answer of that host',
  JOIN_TOKEN_UNUSABLE: 'the token by which a machine joins is damaged, used up or over',
  JOIN_REFUSED: 'the controller, or the machine itself, does not let it become that host',
  FINGERPRINT_DIFFERS: 'the fingerprint is not that of the key that came',
  HOST_TWICE: 'two machines answer to the name of one host',
  HOST_SILENT: 'the host has not said hello yet',
  PACKAGE_NOT_FOUND: 'the Debian package of celeroot for a host was not found',
  PACKAGE_NOT_RELEASED: 'the package is in no release that a release key of the trust file has signed',
  RELEASE_INVALID: 'the release is not signed by a release key that counts, or the files are not those',
  HOST_NOT_JOINED: 'none of the hosts meant has joined: no key of theirs is recorded',
  JOURNAL_UNUSABLE: 'the journal of what is ordered cannot be written, so nothing is ordered',
  HISTORY_CHANGED: 'an audit log, a journal or the history of a host was changed, cut or added to',
  CHANGED_OUTSIDE: 'with --strict: somebody else than this celeroot had hosts changed',
  HOST_EXISTS: 'a host of that name is already in the configuration',
  ROLE_EXISTS: 'a role of that name is already in the configuration',
  ROLE_IN_USE: 'the role is still applied to hosts',
  TASK_NOT_ALLOWED: 'the roles of a host do not allow the task',
  ORDER_REFUSED: 'the host refused the order',
  PLAN_STALE: 'the transaction is not the one that was approved',
  BROKER_UNREACHABLE: 'Redis cannot be reached',
  BROKER_REFUSED: 'Redis refused the user or password',
  BROKER_RUNS: 'the Redis that celeroot started listens elsewhere than the configuration says now',
  BROKER_UNFIT: 'Redis is not set up so that nothing is lost',
  RUN_EXISTS: 'a run of that id is stored already',
  ROLLOUT_DRIVEN: 'another celeroot drives the roll-out',
  ROLLOUT_STOPPED: 'a roll-out stopped before all hosts had their turn',
  NOT_ROLLED_OUT: 'the run is no roll-out, so there is nothing to pause or resume',
  RUN_FILE_INVALID: 'the file is no run of this fleet that waits for a second signature, or cannot be written',
  SAME_SIGNER: 'the second signature must be that of another operator',
  RUN_FORGED: 'the record of the run is not signed by a key of the trust file',
  COMMAND_FAILED: 'a program on the host failed',
  LOCK_HELD: 'another program holds a lock of apt or dpkg for too long',
  EXECUTOR_DIED: 'the process that does a job on the host died',
  JOB_STOPPED: 'the job was told to stop and did so at a safe point',
  OUT_OF_TIME: 'the job was past its deadline and the script of a package that hung was stopped',
  STATE_UNUSABLE: 'the folder in which a worker keeps its jobs cannot be used',
  WORKER_RUNS: 'a worker runs with that state folder already',
  INTERRUPTED: 'celeroot was told to end before it was done',
  JOBS_FAILED: 'at least one host did not do its job',
  NOT_ROOT: 'the action needs root',
  OUTPUT_FAILED: 'what was to be printed could not be written',
  MISSING_PROGRAM: 'a program celeroot needs is not installed',
  BUG: 'celeroot met a state it does not know',
} as const;

export type ErrorOptions = {
  /** What the reader can type or change to get further. */
  hint?: string;
  cause?: unknown;
  /** Plain data, printed with `--json`. */
  details?: Readonly<Record<string, unknown>>;
};

/**
 * Base of everything celeroot throws on purpose. `message` starts in lower case, names the thing and its value,
 * and has no full stop; the renderer in terminal/ adds the code and the hint.
 */
export abstract class CelerootError extends Error {
  /** The process exit code, from `EXIT` in exit-codes.ts. */
  abstract readonly exitCode: number;
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.hint = options.hint;
    this.details = options.details;
  }
}

/** The command line asks for something that cannot be meant. */
export class UsageError extends CelerootError {
  override readonly exitCode = 2;
}

/** The configuration, a key file or a worker file is missing, unreadable or wrong. */
export class ConfigError extends CelerootError {
  override readonly exitCode = 3;
}

/** Redis is away, refuses us, or would lose what it is given. */
export class ConnectionError extends CelerootError {
  override readonly exitCode = 4;
}

/** The request is understood and refused: not allowed, no such state, in use. Never retried. */
export class RejectedError extends CelerootError {
  override readonly exitCode = 5;
}

/** A program on this machine failed, or hosts did not do their jobs. */
export class CommandError extends CelerootError {
  override readonly exitCode = 1;
}

/** What was done is not what is written down. */
export class AuditError extends CelerootError {
  override readonly exitCode = 7;
}

/** A state the code rules out. The only error shown with its stack. */
export class BugError extends CelerootError {
  override readonly exitCode = 70;

  constructor(message: string, options: ErrorOptions = {}) {
    super('BUG', message, options);
  }
}

/** The message of anything caught, for a place that only needs a line of text. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
