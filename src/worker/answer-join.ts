import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { WorkerConfig } from '../config/fleet-config.ts';
import { loadWorker } from '../config/load.ts';
import type { Environment } from '../config/read-broker.ts';
import { PASSWORD_FILE } from '../config/worker-file.ts';
import type { Clock } from '../core/clock.ts';
import { VERSION } from '../core/version.ts';
import { openHostKey, replaceHostKey } from '../executor/host-key.ts';
import { writeDurably } from '../host/durable-file.ts';
import { machineIdentity } from '../host/machine-identity.ts';
import { signJoinAnswer } from '../trust/join-answer.ts';
import type { SigningKey } from '../trust/key.ts';
import { hasOwnLogin } from './has-own-login.ts';

export type JoiningHost = {
  /** Its worker file, which says who it is. */
  readonly workerFile: string;
  readonly stateDir: string;
  /** Whether a key and a password that are there already are replaced. */
  readonly newSecrets: boolean;
  readonly env: Environment;
  readonly clock: Clock;
};

const PASSWORD_BYTES = 32;

/**
 * Makes this host's key and its own password for Redis where there is none, and says what the controller needs to
 * know of them: one line of JSON. The secrets stay in files of mode 0600.
 * @throws ConfigError when the worker file is wrong or the key cannot be used.
 */
export async function answerJoin(joining: JoiningHost): Promise<string> {
  const { workerFile, stateDir, newSecrets, env, clock } = joining;
  // A password that is not made yet is no fault of the file.
  const config = loadWorker(workerFile, null, { ...env, CELEROOT_REDIS_PASSWORD: 'not made yet' });
  const key = newSecrets ? await replaceHostKey(stateDir) : await openHostKey(stateDir);
  const passwordFile = hasOwnLogin(config) ? join(dirname(workerFile), PASSWORD_FILE) : null;
  return await answerAs(config, { key, passwordFile, newSecrets, clock });
}

type Answering = Pick<JoiningHost, 'newSecrets' | 'clock'> & {
  readonly key: SigningKey;
  /** Null for a host that shares the fleet's login. */
  readonly passwordFile: string | null;
};

/** The same for a machine that is told otherwise who it shall be. */
export async function answerAs(
  { fleet, host }: Pick<WorkerConfig, 'fleet' | 'host'>,
  { key, passwordFile, newSecrets, clock }: Answering,
): Promise<string> {
  const brokerPassword = passwordFile === null ? null : await makePassword(passwordFile, newSecrets);
  const machine = await machineIdentity();
  return signJoinAnswer({ fleet, host, machine, brokerPassword, version: VERSION, at: clock.now() }, key);
}

/** Of what `makePassword` writes; what else is in the file is a password that hosts have shared. */
const OWN_PASSWORD = /^[\w-]{43}$/;

/** The digest of the password in the file; one of its own is written first when there is none, or it shall be new. */
async function makePassword(file: string, renew: boolean): Promise<string> {
  const there = existsSync(file) ? (await readFile(file, 'utf8')).trim() : '';
  const keeps = !renew && OWN_PASSWORD.test(there);
  const password = keeps ? there : randomBytes(PASSWORD_BYTES).toString('base64url');
  if (!keeps) await writeDurably(file, `${password}\n`);
  return `sha256:${createHash('sha256').update(password).digest('hex')}`;
}
