import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { ConfigError, messageOf } from '../core/errors.ts';
import { fleetNameSchema, hostNameSchema, queueNameSchema, roleNameSchema } from '../core/names.ts';
import { writeDurably } from '../host/durable-file.ts';

/**
 * Whom this host obeys and what it lets them do: the part of the worker's configuration that an order is held
 * against. The worker writes it down at its start, because the executor, which checks every order again, reads no
 * configuration.
 */
const hostPolicySchema = z.strictObject({
  fleet: fleetNameSchema,
  host: hostNameSchema,
  /** The root keys this host was given. */
  roots: z.array(z.string().max(256)),
  /** The oldest version of the trust file it takes. */
  leastTrust: z.int().min(1).default(1),
  roles: z.array(
    z.strictObject({
      name: roleNameSchema,
      queues: z.array(queueNameSchema),
      tasks: z.array(z.string().max(128)),
      exclude: z.array(z.string().max(256)),
    }),
  ),
  /** Where the policy of the host's owner is, when not in the usual place. */
  ownerPolicy: z.string().max(4096).optional(),
});
export type HostPolicy = z.infer<typeof hostPolicySchema>;

/** Where the owner of a host puts his policy. */
export const OWNER_POLICY_FILE = '/etc/celeroot/policy.yaml';

/** @throws ConfigError when no worker has written it yet, or it is damaged. */
export async function readHostPolicy(stateDir: string): Promise<HostPolicy> {
  const file = policyFile(stateDir);
  try {
    return hostPolicySchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    throw new ConfigError('CONFIG_UNREADABLE', `cannot read the host’s policy ${file}: ${messageOf(error)}`, {
      hint: 'start the worker: it writes the file',
      cause: error,
    });
  }
}

export async function writeHostPolicy(stateDir: string, policy: HostPolicy): Promise<void> {
  await writeDurably(policyFile(stateDir), `${JSON.stringify(hostPolicySchema.parse(policy), null, 2)}\n`);
}

function policyFile(stateDir: string): string {
  return join(stateDir, 'host.json');
}
