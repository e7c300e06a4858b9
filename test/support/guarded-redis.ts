import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrokerSettings } from '../../src/core/broker-settings.ts';
import { hostUserName, type HostUser } from '../../src/core/host-user.ts';
import type { HostName, QueueName } from '../../src/core/names.ts';
import { controllerRights } from '../../src/queue/host-acl.ts';
import { settingsFor, startRedis, withPassword, type RedisOptions, type TestRedis } from './redis.ts';

/** A Redis that keeps its users in a file, as `celeroot broker acl` asks for: nobody gets in without a password. */
export type GuardedRedis = AsyncDisposable & {
  /** Its `command` is an administrator's; its `settings` have no user and get nowhere. */
  readonly redis: TestRedis;
  /** As the user that `celeroot broker acl` suggests for the controller. */
  readonly controller: BrokerSettings;
  readonly aclFile: string;
};

const ADMIN = 'admin-secret';

export async function startGuardedRedis(options: Pick<RedisOptions, 'args' | 'port'> = {}): Promise<GuardedRedis> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'celeroot-guarded-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const aclFile = join(folder, 'users.acl');
  const { environment } = settingsFor({ kind: 'socket', path: '' });
  const password = randomBytes(12).toString('hex');
  await writeFile(
    aclFile,
    `user default on >${ADMIN} ~* &* +@all\n` +
      `user controller on #${sha256(password)} ${controllerRights(environment).join(' ')}\n`,
  );
  const args = ['--aclfile', aclFile, ...(options.args ?? [])];
  const redis = stack.use(await startRedis({ ...options, password: ADMIN, args }));
  const owned = stack.move();
  return {
    redis,
    controller: withPassword({ ...redis.settings, environment }, 'controller', password),
    aclFile,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** A host as it enrols: its own password, and what the controller knows of it. */
export type EnrolledHost = { readonly user: HostUser; readonly settings: BrokerSettings };

export function enrol(controller: BrokerSettings, host: HostName, queues: readonly QueueName[]): EnrolledHost {
  const password = randomBytes(32).toString('base64url');
  return {
    user: { host, queues, passwordSha256: `sha256:${sha256(password)}` },
    settings: withPassword(controller, hostUserName(controller.environment, host), password),
  };
}
