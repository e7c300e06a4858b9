import type { FleetConfig } from '../config/fleet-config.ts';
import { didYouMean } from '../core/close-matches.ts';
import { globMatches } from '../core/glob.ts';
import { TASKS } from '../tasks/registry.ts';
import { wordsCover } from '../trust/authority.ts';
import { meantTask } from './unknown-tasks.ts';

/** What a key may ask for, and where. */
type Granted = { readonly tasks: readonly string[]; readonly hosts: readonly string[] };

/**
 * Complaints about words of a grant that nothing here matches. No errors: a host may be added later, and a newer
 * celeroot may know the task.
 */
export function unmatchedWords(config: FleetConfig, { tasks, hosts }: Granted): readonly string[] {
  const known = [...config.hosts.values()];
  const unknownHosts = hosts.filter((word) => word !== '*' && !known.some((host) => wordsCover([word], host)));
  return [
    ...unmatchedTasks(tasks).map((pattern) => `no task is called ${pattern}; ${meantTask(pattern)}`),
    ...unknownHosts.map((word) => `${word} means no host now; ${meantHost(config, word)}`),
  ];
}

/** Globs that no task of this celeroot fits. */
export function unmatchedTasks(patterns: readonly string[]): readonly string[] {
  return patterns.filter((pattern) => !TASKS.some(({ name }) => globMatches(pattern, name)));
}

function meantHost({ roles, hosts }: FleetConfig, word: string): string {
  if (!word.startsWith('@')) return didYouMean(word, hosts.keys(), 'see  celeroot hosts ls');
  const names = [...roles.keys()].map((name) => `@${name}`);
  return names.includes(word) ? 'the role has none yet' : didYouMean(word, names, 'see  celeroot roles ls');
}
