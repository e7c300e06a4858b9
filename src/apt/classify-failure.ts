import type { Failure } from '../core/outcome.ts';
import type { CommandOutput } from '../core/step.ts';

type Pattern = {
  readonly kind: string;
  readonly pattern: RegExp;
  readonly message: (match: RegExpExecArray) => string;
  readonly hint: string | null;
};

/**
 * Says why apt or dpkg failed, from what it printed: apt has one exit code for everything. The only place that reads
 * messages; it needs LC_ALL=C.UTF-8. Causes come before their consequences.
 */
export function classifyFailure({ exitCode, signal, stdout, stderr }: CommandOutput): Failure {
  // dpkg writes to a terminal that apt makes for it, which ends lines in two characters.
  const text = `${stderr}\n${stdout}`.replaceAll('\r\n', '\n');
  for (const { kind, pattern, message, hint } of PATTERNS) {
    const match = pattern.exec(text);
    if (match) return { kind, message: message(match).slice(0, 4000), hint };
  }
  if (signal !== null) {
    return { kind: 'killed', message: `the program was killed by ${signal}`, hint: 'run the task again: it repairs' };
  }
  const errors = [...text.matchAll(/^E: (.*)$/gm)].map((match) => match[1] ?? '');
  const lastLine = text.trim().split('\n').at(-1)?.trim() || 'no word of why';
  const message = errors.length > 0 ? errors.join('; ') : `the program ended with ${exitCode}: ${lastLine}`;
  return { kind: 'apt_failed', message: message.slice(0, 4000), hint: 'see the job’s output' };
}

/** Whether another program held a lock, so that waiting and trying again helps. */
export function isLockFailure(output: CommandOutput): boolean {
  return output.exitCode !== 0 && classifyFailure(output).kind === 'lock';
}

const group = (match: RegExpExecArray, index: number): string => match[index] ?? '';

const PATTERNS: readonly Pattern[] = [
  {
    kind: 'lock',
    pattern: /^E: Could not get lock (\S+)\. It is held by (process \d+ \([^)]*\))/m,
    message: (match) => `${group(match, 1)} is held by ${group(match, 2)}`,
    hint: 'let it finish, then run the task again',
  },
  {
    kind: 'lock',
    pattern:
      /Unable to acquire the dpkg frontend lock|Unable to lock directory|dpkg: error: .* lock(?:ed| was locked) .*/,
    message: () => 'another program holds apt’s or dpkg’s lock',
    hint: 'let it finish, then run the task again',
  },
  {
    kind: 'disk_full',
    pattern: /No space left on device|You don't have enough free space in (\S+?)\.?$/m,
    message: (match) => `no space left on the disk${match[1] === undefined ? '' : ` of ${match[1]}`}`,
    hint: 'free some space, e.g. with: apt-get clean',
  },
  {
    kind: 'hash_mismatch',
    pattern: /Failed to fetch (\S+)\s+(?:Hash Sum mismatch|File has unexpected size)/,
    message: (match) => `${group(match, 1)} is not what the repository’s signed lists promise`,
    hint: 'run apt.update first; if it stays, the mirror is being changed or is broken',
  },
  {
    kind: 'untrusted_repository',
    pattern: /^[EW]: (.*(?:is not signed|NO_PUBKEY|EXPKEYSIG|is not valid yet|is expired|couldn't be verified).*)$/m,
    message: (match) => group(match, 1),
    hint: 'check the repository’s key on the host (Signed-By) and the host’s clock',
  },
  {
    kind: 'not_on_mirror',
    pattern: /Failed to fetch (\S+)\s+(?:404\s|File not found)/,
    message: (match) => `the mirror does not have ${group(match, 1)}`,
    hint: 'run apt.update; if that is what failed, the repository is no longer at that address',
  },
  {
    kind: 'network',
    pattern:
      /Failed to fetch (\S+)\s+((?:Could not|Cannot|Temporary|Connection|Certificate|Unable to connect|SSL|\d{3} ).*)$/m,
    message: (match) => `cannot fetch ${group(match, 1)}: ${group(match, 2)}`,
    hint: 'check the host’s network, proxy and name resolution',
  },
  {
    kind: 'file_conflict',
    pattern: /trying to overwrite '([^']+)', which is also in package (\S+)/,
    message: (match) => `${group(match, 1)} also belongs to ${group(match, 2)}`,
    hint: 'two packages claim one file; remove one of them or report it to their maintainers',
  },
  {
    kind: 'conffile',
    pattern: /end of file on stdin at conffile prompt/,
    message: () => 'dpkg wanted to ask about a changed configuration file',
    hint: 'look for options in the host’s /etc/dpkg/dpkg.cfg.d that overrule --force-confold',
  },
  {
    kind: 'maintainer_script',
    pattern: /dpkg: error processing (?:package|archive) (\S+) \(--[\w-]+\):\n\s*(.*script.*)/,
    message: (match) => `${group(match, 1)}: ${group(match, 2)}`,
    hint: 'see the job’s output for what its script said',
  },
  {
    kind: 'dpkg_failed',
    pattern: /dpkg: error processing (?:package|archive) (\S+) \(--[\w-]+\):\n\s*(.*)/,
    message: (match) => `${group(match, 1)}: ${group(match, 2)}`,
    hint: 'see the job’s output',
  },
  {
    kind: 'dpkg_interrupted',
    pattern: /dpkg was interrupted/,
    message: () => 'an earlier run of dpkg on the host was stopped in the middle',
    hint: 'a run without --dry-run repairs that first',
  },
  {
    kind: 'held',
    pattern: /Held packages were changed/,
    message: () => 'the transaction would change packages that the administrator holds',
    hint: 'release them on the host with: apt-mark unhold NAME',
  },
  {
    kind: 'essential',
    pattern: /Essential packages were removed/,
    message: () => 'the transaction would remove essential packages',
    hint: null,
  },
  {
    kind: 'plan_changed',
    pattern: /Packages need to be removed but remove is disabled|Packages were downgraded and -y was used/,
    message: () => 'the host changed since the plan was made: apt would now remove or downgrade packages',
    hint: 'run the task again',
  },
  {
    kind: 'no_such_package',
    pattern: /Unable to locate package (\S+)/,
    message: (match) => `no repository of the host has a package ${group(match, 1)}`,
    hint: 'run apt.update first if it is new',
  },
  {
    kind: 'no_such_version',
    pattern: /Version '([^']+)' for '([^']+)' was not found/,
    message: (match) => `no repository of the host has ${group(match, 2)} ${group(match, 1)}`,
    hint: 'run apt.update first if it is new',
  },
  {
    kind: 'no_candidate',
    pattern: /Package '([^']+)' has no installation candidate/,
    message: (match) => `no repository of the host offers ${group(match, 1)}`,
    hint: null,
  },
  {
    kind: 'unmet_dependencies',
    pattern: /The following packages have unmet dependencies:\n((?: .*\n?)+)/,
    message: (match) =>
      `dependencies cannot be met: ${group(match, 1)
        .trim()
        .replace(/\s*\n\s*/g, '; ')}`,
    hint: 'a dependency is missing, held or of another version; see the job’s output',
  },
  {
    kind: 'unmet_dependencies',
    pattern: /Unmet dependencies|Unable to correct problems|pkgProblemResolver::Resolve generated breaks/,
    message: () => 'apt finds no set of packages that fits together',
    hint: 'look on the host with: apt-get check',
  },
  {
    kind: 'bad_configuration',
    pattern:
      /^E: ((?:Malformed (?:entry|line|stanza)|Type '[^']*' is not known|The list of sources|Unable to parse package file|Syntax error|The value '[^']*' is invalid).*)$/m,
    message: (match) => group(match, 1),
    hint: 'mend the host’s files in /etc/apt',
  },
];
