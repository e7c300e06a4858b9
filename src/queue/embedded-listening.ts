import { createHash } from 'node:crypto';
import type { EmbeddedFiles } from '../core/embedded-files.ts';
import { controllerUserName, type HostUser } from '../core/host-user.ts';
import { Secret } from '../core/secret.ts';
import { writeDurably } from '../host/durable-file.ts';
import { runCommand } from '../host/run-command.ts';
import { embeddedUsers } from './acl-lines.ts';
import { makeAccess, readControllerPassword } from './embedded-access.ts';
import type { RedisUser } from './embedded-redis.ts';
import { prepareCertificate } from './embedded-tls.ts';
import { requireUsersIn } from './host-users.ts';
import type { Listening } from './started-listening.ts';

/** Where a Redis listens for hosts elsewhere, and who they are. */
export type ListenOptions = Listening & {
  /** What else is in the users' file is forgotten when Redis starts: the configuration says who there is. */
  readonly users: readonly HostUser[];
};

type Preparation = {
  readonly files: EmbeddedFiles;
  readonly listen: ListenOptions;
  /** Who Redis runs as. */
  readonly owner: RedisUser | null;
};

export type Login = { readonly user: string | null; readonly password: Secret | null };

/**
 * Writes the certificate and the users that a Redis needs to listen; returns the controller's login.
 * @throws CommandError when something cannot be made, ConnectionError BROKER_UNFIT when Redis is too old.
 */
export async function prepareListening({ files, listen, owner }: Preparation): Promise<Login> {
  const { stdout } = await runCommand(['redis-server', '--version']);
  requireUsersIn(/\bv=(\S+)/.exec(stdout)?.[1] ?? '');
  await makeAccess(files);
  await prepareCertificate({ host: listen.node.host, files, owner, now: Date.now() });
  const password = await readControllerPassword(files);
  const digest = createHash('sha256').update(password).digest('hex');
  const scope = { environment: listen.environment, database: 0, endpoint: { kind: 'tcp', node: listen.node } } as const;
  await writeDurably(files.users, `${embeddedUsers(scope, digest, listen.users).join('\n')}\n`, { owner });
  return { user: controllerUserName(listen.environment), password: new Secret(password) };
}
