import { resolve } from 'node:path';
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { readOwnerPolicy } from '../../config/read-owner-policy.ts';
import { windowText, type OwnerPolicy } from '../../core/owner-policy.ts';
import { OWNER_POLICY_FILE } from '../../executor/host-policy.ts';
import { unmatchedTasks } from '../../fleet/unmatched-words.ts';
import { writeWarning } from '../../terminal/error.ts';
import { writeJson } from '../../terminal/json.ts';
import { writeProperties } from '../../terminal/properties.ts';
import type { Cli } from '../context.ts';
import { sharedFlags } from '../flags.ts';

/** Reads a policy as a host does. What it names that is no task is not wrong, since there may be one, but unlikely meant. */
export function checkPolicy(cli: Cli, command: CommandUnknownOpts, named: string | null): void {
  const file = named === null ? OWNER_POLICY_FILE : resolve(cli.cwd, named);
  const policy = readOwnerPolicy(file);
  const unknown = unmatchedTasks([...policy.deny.tasks, ...policy.two_signers]);
  for (const pattern of unknown) {
    writeWarning(cli.stderr, `no task is called ${JSON.stringify(pattern)}; see  celeroot tasks ls`);
  }
  if (sharedFlags(command).json) return writeJson(cli.stdout, { file, policy, unknownTasks: unknown });
  writeProperties(cli.stdout, [['policy', file], ...describePolicy(policy)]);
}

function describePolicy({ deny, hours, two_signers: twoSigners }: OwnerPolicy): readonly (readonly [string, string])[] {
  return [
    ['tasks denied', listed(deny.tasks)],
    ['packages denied', listed(deny.packages)],
    ['changes begin', hours === undefined ? 'at any time' : hours.map(windowText).join('; ')],
    ['two operators sign', listed(twoSigners)],
  ];
}

function listed(patterns: readonly string[]): string {
  return patterns.length === 0 ? 'none' : patterns.join(', ');
}
