import { statSync } from 'node:fs';
import { ConfigError } from '../core/errors.ts';
import { ownerPolicySchema, type OwnerPolicy } from '../core/owner-policy.ts';
import { type Finding, formatPath, invalidConfig } from './config-problem.ts';
import { expectation, findingsOf } from './describe-issue.ts';
import { readSource, type ConfigSource } from './read-source.ts';
import { schemaAt, schemaTree } from './schema-tree.ts';
import { parseYaml } from './yaml-document.ts';

const GROUP_AND_OTHERS_WRITE = 0o022;

/**
 * Reads the policy of a host's owner.
 * @throws ConfigError CONFIG_NOT_FOUND, CONFIG_UNREADABLE also when others than root may write the file, or CONFIG_INVALID
 * with every problem and its place.
 */
export function readOwnerPolicy(file: string): OwnerPolicy {
  requireOwned(file);
  return parseOwnerPolicy(readSource(file));
}

/** What cannot be looked at, a folder or a device cannot be read either, and reading says so. A pipe would hold a worker up. */
function requireOwned(file: string): void {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats === undefined) {
    throw new ConfigError('CONFIG_NOT_FOUND', `${file} does not exist`, {
      hint: 'without a policy nothing is forbidden; to check one that is to be: celeroot policy check FILE',
    });
  }
  const { uid, mode } = stats;
  if (stats.isFIFO()) {
    throw new ConfigError('CONFIG_UNREADABLE', `${file} is a pipe`, { hint: 'put a regular file there' });
  }
  if (!stats.isFile()) return;
  const me = process.getuid?.() ?? 0;
  if (uid !== 0 && uid !== me) {
    throw new ConfigError('CONFIG_UNREADABLE', `${file} belongs to user ${uid}, not to root`, {
      hint: `chown root ${file}`,
    });
  }
  if ((mode & GROUP_AND_OTHERS_WRITE) === 0) return;
  const shown = (mode & 0o777).toString(8).padStart(4, '0');
  throw new ConfigError('CONFIG_UNREADABLE', `${file} may be written by others than its owner (mode ${shown})`, {
    hint: `chmod go-w ${file}`,
  });
}

function parseOwnerPolicy({ file, text }: ConfigSource): OwnerPolicy {
  const reading = parseYaml(text);
  const parsed = ownerPolicySchema.safeParse(reading.value, { error: expectation, reportInput: true });
  if (parsed.success && reading.problems.length === 0) return parsed.data;
  const tree = schemaTree('policy');
  const keysAt = (path: Finding['path']): string[] => Object.keys(schemaAt(tree, path)?.properties ?? {});
  const causes = new Set(reading.problems.map(({ path }) => path));
  const issues = reading.isTree ? (parsed.error?.issues ?? []) : [];
  const findings = issues
    .flatMap((issue) => findingsOf(issue, keysAt))
    .filter(({ path }) => !causes.has(formatPath(path)));
  const hint =
    'celeroot policy check --help  says what may stand in it, and more is in /usr/share/doc/celeroot/docs/policy.md';
  throw invalidConfig(file, [...reading.problems, ...findings.map(reading.locate)], hint);
}
