import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { BrokerSettings } from '../../src/core/broker-settings.ts';
import { guestUserName, type JoinGuest } from '../../src/core/join-guest.ts';
import { Secret } from '../../src/core/secret.ts';
import { joinSealOf, type JoinSeal } from '../../src/trust/join-seal.ts';
import { parseJoinToken, type JoinToken } from '../../src/trust/join-token.ts';
import { makeFleetFolder, type FleetFolder } from './fleet-folder.ts';
import { startGuardedRedis, type GuardedRedis } from './guarded-redis.ts';
import { freePort, waitUntil } from './redis.ts';
import { makeCertificates } from './redis-tls.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { CELEROOT } from './worker.ts';

/** `celeroot …` in a process of its own. */
export type CelerootProcess = AsyncDisposable & {
  readonly pid: number;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Waits until standard error says something. */
  readonly says: (pattern: RegExp) => Promise<string>;
  readonly signal: (signal: NodeJS.Signals) => void;
  /** Exit code, or the signal that ended it. */
  readonly exit: Promise<number | NodeJS.Signals>;
};

/** A fleet whose Redis keeps its users in a file, and machines that shall be its hosts: folders here. */
export type JoinScene = AsyncDisposable & {
  readonly guarded: GuardedRedis;
  readonly folder: FleetFolder;
  /** Starts a command on the controller. */
  readonly controller: (...args: readonly string[]) => CelerootProcess;
  readonly machine: (name: string) => Promise<JoiningMachine>;
  /** The users of joins that Redis knows. */
  readonly guests: () => Promise<readonly string[]>;
  /** The keys of joins. */
  readonly words: () => Promise<string>;
};

export type JoiningMachine = {
  readonly workerFile: string;
  readonly stateDir: string;
  /** Starts `celeroot join` there, with this on standard input. */
  readonly join: (input: string, ...args: readonly string[]) => CelerootProcess;
  readonly fingerprint: () => Promise<string>;
};

/** With `tls`, Redis speaks that alone, with a certificate of an authority of its own. */
export async function setJoinScene({ tls = false }: { readonly tls?: boolean } = {}): Promise<JoinScene> {
  await using setting = new AsyncDisposableStack();
  const port = await freePort();
  const certificates = tls ? await makeCertificates(setting.use(await temporaryFolder()).path) : null;
  // What Redis itself forbids by default is allowed here, so that it is the user's rights that are tested.
  const allowed = ['--enable-debug-command', 'yes', '--enable-module-command', 'yes'];
  const args = [...allowed, ...(certificates?.serverArguments(port) ?? [])];
  const guarded = setting.use(await startGuardedRedis({ args, port }));
  const { controller, redis } = guarded;
  const broker = JSON.stringify({
    url: `${tls ? 'rediss' : 'redis'}://127.0.0.1:${redis.port}`,
    ...(certificates === null ? {} : { ca: certificates.ca }),
    user: controller.user,
    password: controller.password?.reveal(),
    environment: controller.environment,
  });
  const hosts = ['web1', 'web2'].map((name) => `  ${name}: { roles: [web] }\n`).join('');
  const folder = setting.use(await makeFleetFolder({ broker, joined: false, roles: '  web: {}\n', hosts }));
  const set = setting.move();
  return {
    guarded,
    folder,
    controller: (...args) => spawnCeleroot(args, { cwd: folder.path, input: '', env: {} }),
    machine: (name) => makeMachine(folder.path, name),
    guests: async () => (await redis.command('ACL', 'USERS')).split('\n').filter((user) => user.includes(':join.')),
    words: () => redis.command('KEYS', '*:join:*'),
    [Symbol.asyncDispose]: () => set.disposeAsync(),
  };
}

/** A machine whose files lie in a folder of that name. */
export async function makeMachine(folder: string, name: string): Promise<JoiningMachine> {
  const stateDir = join(folder, 'machines', name);
  await mkdir(stateDir, { recursive: true });
  const workerFile = join(stateDir, 'settings', 'worker.yaml');
  const env = { CELEROOT_STATE_DIR: stateDir };
  const start = (input: string, ...args: readonly string[]): CelerootProcess =>
    spawnCeleroot(['join', workerFile, ...args], { cwd: '/', input, env });
  return {
    workerFile,
    stateDir,
    join: start,
    fingerprint: async () => {
      await using shown = start('', '--show-fingerprint');
      assert.equal(await shown.exit, 0, shown.stderr());
      return shown.stdout().trim();
    },
  };
}

type Surroundings = { readonly cwd: string; readonly input: string; readonly env: Readonly<Record<string, string>> };

function spawnCeleroot(args: readonly string[], { cwd, input, env }: Surroundings): CelerootProcess {
  const [program, ...first] = CELEROOT;
  const child = spawn(program, [...first, ...args], { cwd, env: { ...process.env, ...env }, stdio: 'pipe' });
  const said = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => void (said.out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => void (said.err += text));
  // One that ends before it reads closes the pipe.
  child.stdin.on('error', () => undefined).end(input);
  const exit = once(child, 'close').then(([code, signal]) => code ?? signal);
  return {
    pid: child.pid ?? 0,
    stdout: () => said.out,
    stderr: () => said.err,
    says: async (pattern) => {
      await waitUntil(() => pattern.test(said.err), `${args.join(' ')} to say ${pattern}`).catch((error: unknown) =>
        assert.fail(`${String(error)}; it said ${said.out}${said.err}`),
      );
      return said.err;
    },
    signal: (signal) => void child.kill(signal),
    exit,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await exit;
    },
  };
}

/** Waits for the token in what a controller prints. */
export async function tokenIn(stdout: () => string): Promise<string> {
  await waitUntil(() => stdout().includes('-----END CELEROOT'), 'a token');
  return stdout();
}

/** All that who has a token can do: its seal, and how it gets into Redis. */
export type TokenHolder = {
  readonly token: JoinToken;
  readonly seal: JoinSeal;
  readonly guest: JoinGuest;
  readonly settings: BrokerSettings;
};

export function holderOf(text: string, { controller }: GuardedRedis): TokenHolder {
  const token = parseJoinToken(text) ?? assert.fail(`no token: ${text}`);
  const seal = joinSealOf(token);
  const guest = { host: token.host, id: seal.id, expiresAt: token.expiresAt };
  const user = guestUserName(controller.environment, guest);
  const settings = { ...controller, user, password: new Secret(seal.password.reveal()) };
  return { token, seal, guest, settings };
}
