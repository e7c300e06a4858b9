import assert from 'node:assert/strict';
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { BrokerSettings } from '../../src/core/broker-settings.ts';
import { Secret } from '../../src/core/secret.ts';

const run = promisify(execFile);

export type RedisOptions = {
  /** Further arguments of redis-server, e.g. `['--appendonly', 'no']`; they win over ours. */
  readonly args?: readonly string[];
  /** Folder that several servers share; its owner removes it. */
  readonly folder?: string;
  readonly port?: number;
  /** Of the default user. */
  readonly password?: string;
  /** Makes it a Sentinel with this file, which it writes to. */
  readonly sentinelFile?: string;
};

/** A redis-server of our own, fit as a broker unless asked otherwise. */
export type TestRedis = AsyncDisposable & {
  readonly port: number;
  readonly socket: string;
  readonly folder: string;
  /** By TCP, with an environment that no other test has. */
  readonly settings: BrokerSettings;
  /** Runs one command as the default user by redis-cli, on the unix socket. */
  readonly command: (...words: string[]) => Promise<string>;
  /** Starts it again after `stop` or `kill`, with the data it had. */
  readonly start: () => Promise<void>;
  readonly stop: () => Promise<void>;
  /** SIGKILL. */
  readonly kill: () => Promise<void>;
  /** Takes connections and answers nothing, like a machine that hangs. */
  readonly freeze: () => void;
  readonly thaw: () => void;
};

/**
 * Starts a redis-server. Disposing it fails when a client is still connected: that is a leak of whoever was tested.
 */
export async function startRedis(options: RedisOptions = {}): Promise<TestRedis> {
  const own = options.folder === undefined;
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'celeroot-redis-')));
  const port = options.port ?? (await freePort());
  const socket = join(folder, `${port}.sock`);
  const argv =
    options.sentinelFile === undefined
      ? [
          ...listen(port, socket),
          ...storage(folder, port),
          ...passwordArguments(options.password),
          ...(options.args ?? []),
        ]
      : [options.sentinelFile, '--sentinel', ...listen(port, socket), '--logfile', join(folder, `${port}.log`)];
  const cliEnvironment = { ...process.env, REDISCLI_AUTH: options.password };
  let server: ChildProcess | null = null;
  const command = async (...words: string[]): Promise<string> =>
    (
      await run('redis-cli', ['-s', socket, '-e', ...words], { maxBuffer: 1 << 28, env: cliEnvironment })
    ).stdout.trimEnd();
  const start = async (): Promise<void> => {
    // It dies with us, however we die.
    server = spawn('setpriv', ['--pdeathsig', 'KILL', 'redis-server', ...argv], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    await waitUntil(
      async () => (await command('PING').catch(() => '')) === 'PONG',
      `redis-server on port ${port}`,
    ).catch(async (error: unknown) => {
      await end('SIGKILL');
      throw error;
    });
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (server === null || server.exitCode !== null || server.signalCode !== null) return;
    const gone = once(server, 'exit');
    server.kill('SIGCONT');
    server.kill(signal);
    await gone;
  };
  await start();
  return {
    port,
    socket,
    folder,
    settings: settingsFor({ kind: 'tcp', node: { host: '127.0.0.1', port } }),
    command,
    start,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    freeze: () => void server?.kill('SIGSTOP'),
    thaw: () => void server?.kill('SIGCONT'),
    [Symbol.asyncDispose]: async () => {
      const running = server?.exitCode === null && server.signalCode === null;
      if (running) server?.kill('SIGCONT');
      const leaked = running && own ? await remainingClients(command) : '';
      await end('SIGKILL');
      if (own) await rm(folder, { recursive: true, force: true });
      assert.equal(leaked, '', 'clients were left connected');
    },
  };
}

/** Settings without user, password and TLS, in an environment of their own. */
export function settingsFor(endpoint: BrokerSettings['endpoint']): BrokerSettings {
  return {
    endpoint,
    tls: null,
    database: 0,
    user: null,
    password: null,
    embedded: false,
    listen: null,
    environment: `test-${randomBytes(5).toString('hex')}`,
  };
}

export function withPassword(settings: BrokerSettings, user: string | null, password: string): BrokerSettings {
  return { ...settings, user, password: new Secret(password) };
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // The listening event makes it one.
  server.close();
  await once(server, 'close');
  return port;
}

/** Waits for a condition; the bound is for a machine that is busy with other tests. */
export async function waitUntil(
  condition: () => boolean | Promise<boolean>,
  what: string,
  boundMs = 30_000,
): Promise<void> {
  const end = performance.now() + boundMs;
  while (!(await condition())) {
    assert.ok(performance.now() < end, `waited ${boundMs} ms in vain for ${what}`);
    await sleep(20);
  }
}

function listen(port: number, socket: string): readonly string[] {
  return ['--port', String(port), '--bind', '127.0.0.1', '--unixsocket', socket, '--unixsocketperm', '700'];
}

function passwordArguments(password: string | undefined): readonly string[] {
  return password === undefined ? [] : ['--requirepass', password];
}

function storage(folder: string, port: number): readonly string[] {
  return [
    ['--dir', folder, '--appenddirname', `aof-${port}`, '--dbfilename', `${port}.rdb`],
    ['--appendonly', 'yes', '--appendfsync', 'everysec', '--save', ''],
    ['--repl-diskless-sync-delay', '0'],
    ['--maxmemory-policy', 'noeviction', '--logfile', join(folder, `${port}.log`)],
  ].flat();
}

/** Redis sees a client go a moment after it went; what is still there then, redis-cli itself apart, was left. */
async function remainingClients(command: TestRedis['command']): Promise<string> {
  const list = async (): Promise<string> =>
    (await command('CLIENT', 'LIST', 'TYPE', 'normal'))
      .split('\n')
      .filter((line) => !line.includes('cmd=client|list'))
      .join('\n');
  for (let attempt = 0; attempt < 50; attempt += 1) {
    if ((await list()) === '') return '';
    await sleep(20);
  }
  return await list();
}
