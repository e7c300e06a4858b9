import type { Argv } from '../core/step.ts';

/** What apt-get is to do, apart from how. */
export type AptOperation = {
  readonly verb: 'install' | 'remove' | 'purge' | 'upgrade' | 'dist-upgrade';
  /** `name:arch` or `name:arch=version`: what follows the name keeps apt from reading `+` or `-` as an order. */
  readonly operands: readonly string[];
  /** A preferences file to use instead of the host's. */
  readonly preferences: string | null;
  /** Whether `preferences` ranks all releases, so that the host's default release must not. */
  readonly ranksReleases: boolean;
};

/** Says what the operation would do (apt-get(8), `--simulate`); needs neither root nor locks. */
export function simulateArgv(operation: AptOperation): Argv {
  // Without its yes, apt shows a plan that it would refuse with it, and the reasons to refuse are ours to give.
  return ['apt-get', '-s', '-V', ...COMMON, '-o', 'APT::Get::Assume-Yes=false', ...operationArgv(operation)];
}

/** Fetches what the operation needs and changes no package. */
export function downloadArgv(operation: AptOperation, limits: CommitLimits): Argv {
  return ['apt-get', '-y', '-d', ...COMMON, ...CHANGING, ...stamp(limits), ...operationArgv(operation)];
}

/** What the plan allows the commit: apt itself then refuses to go beyond it. */
export type CommitLimits = {
  readonly job: string;
  readonly removes: boolean;
  readonly downgrades: boolean;
  /** False where `file:` repositories are in use, whose packages apt never copies: it cannot install them so. */
  readonly offline: boolean;
};

export function commitArgv(operation: AptOperation, limits: CommitLimits): Argv {
  const offline = limits.offline ? ['--no-download'] : [];
  return ['apt-get', '-y', ...offline, ...COMMON, ...CHANGING, ...stamp(limits), ...operationArgv(operation)];
}

/** Fails when any repository does; without `--error-on=any` apt-get says 0 with all mirrors down. */
export function updateArgv(job: string): Argv {
  return ['apt-get', '--error-on=any', '-q', '-o', 'APT::Status-Fd=3', ...jobStamp(job), 'update'];
}

/** Unpacks again what dpkg was stopped at. A version of null takes the one apt would choose. */
export function reinstallArgv(job: string, key: string, version: string | null): Argv {
  const flags = ['--reinstall', '--allow-downgrades', '--no-remove'];
  const operand = version === null ? key : `${key}=${version}`;
  return ['apt-get', '-y', ...flags, ...COMMON, ...CHANGING, ...jobStamp(job), 'install', '--', operand];
}

/** Installs missing dependencies; may not remove what lacks them. */
export function fixBrokenArgv(job: string): Argv {
  return ['apt-get', '-y', '-f', '--no-remove', ...COMMON, ...CHANGING, ...jobStamp(job), 'install'];
}

/** What an `apt-get` of the above would do, without doing it. */
export function simulationOf([program, ...rest]: Argv): Argv {
  return [program, '-s', '-V', ...rest];
}

/** Configures everything unpacked. dpkg has no lock timeout. */
export const CONFIGURE_ARGV: Argv = ['dpkg', '--force-confdef', '--force-confold', '--configure', '-a'];

/** For packages of which nothing but their configuration is left. */
export function purgeRestArgv(keys: readonly string[]): Argv {
  return ['dpkg', '--purge', '--', ...keys];
}

export function markManualArgv(keys: readonly string[]): Argv {
  return ['apt-mark', 'manual', '--', ...keys];
}

/** `policy` of exact names; of all package files when there are none. */
export function policyArgv(keys: readonly string[]): Argv {
  return ['apt-cache', ...EXACT_NAMES, 'policy', '--', ...keys];
}

/** No regular expressions when a name is unknown: `b.sh` would match bash. */
const EXACT_NAMES = ['-o', 'APT::Cmd::Pattern-Only=true'] as const;

/** An administrator's own setting must not make apt remove packages that nobody named. */
const COMMON = ['-q', ...EXACT_NAMES, '-o', 'APT::Get::AutomaticRemove=false'] as const;

/** Waits for locks, asks nothing, keeps configuration files that were changed, reports progress on descriptor 3. */
const CHANGING = [
  '-o',
  'DPkg::Lock::Timeout=600',
  '-o',
  'APT::Status-Fd=3',
  '-o',
  'Dpkg::Options::=--force-confdef',
  '-o',
  'Dpkg::Options::=--force-confold',
] as const;

/** apt ignores options it does not know and writes its command line to /var/log/apt/history.log. */
function jobStamp(job: string): readonly string[] {
  return ['-o', `Celeroot::Job=${job}`];
}

function stamp({ job, removes, downgrades }: CommitLimits): readonly string[] {
  return [...jobStamp(job), ...(removes ? [] : ['--no-remove']), ...(downgrades ? ['--allow-downgrades'] : [])];
}

function operationArgv({ verb, operands, preferences, ranksReleases }: AptOperation): readonly string[] {
  return [
    ...(preferences === null ? [] : ['-o', `Dir::Etc::preferences=${preferences}`]),
    ...(ranksReleases ? ['-o', 'APT::Default-Release='] : []),
    ...(verb === 'upgrade' ? ['--with-new-pkgs'] : []),
    verb,
    '--',
    ...operands,
  ];
}
