import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Script } from 'node:vm';
import { BugError } from '../src/core/errors.ts';
import { fleetNameSchema } from '../src/core/names.ts';
import { writeKeys } from '../src/fleet/write-keys.ts';

/**
 * `node scripts/warm-up.ts PROGRAM.js FOLDER`: runs some commands of a built program in this process and writes what V8
 * has compiled by then to `code` in the folder, which is the caller's to remove. They send a run to a host that does
 * not exist; with no redis-server on this machine they get as far as the broker, and the cache is that much smaller.
 */
const [, , program = '', folder = ''] = process.argv;
const script = new Script(await readFile(program, 'latin1'), { filename: program });
const LONGEST_MS = 10_000;
const socket = join(folder, 'redis.sock');
const redis = await startRedis();
const commands: readonly (readonly string[])[] = [
  ['hosts', 'ls'],
  ['system', 'ping', '--all', '--detach'],
  ['runs', 'ls'],
  ['executor', folder, 'none'],
];
try {
  const config = await writeFleet();
  for (const command of commands) await run(['--config', config, ...command]);
  await writeFile(join(folder, 'code'), script.createCachedData());
  process.exitCode = 0;
} finally {
  redis?.kill();
}

/** Runs one command line, and returns when it has said with which code it ends. */
async function run(command: readonly string[]): Promise<void> {
  process.argv = [process.execPath, program, ...command];
  process.exitCode = undefined;
  const module = { exports: {} };
  const main: unknown = script.runInThisContext();
  if (typeof main === 'function') main(module.exports, createRequire(program), module, program, folder);
  for (let waited = 0; process.exitCode === undefined; waited += 5) {
    if (waited > LONGEST_MS) throw new BugError(`${command.join(' ')} does not end`);
    await sleep(5);
  }
}

async function startRedis(): Promise<ReturnType<typeof spawn> | null> {
  if (!existsSync('/usr/bin/redis-server')) return null;
  const settings = ['--port', '0', '--unixsocket', socket, '--dir', folder, '--save', '', '--appendonly', 'yes'];
  // Whoever kills us in the middle leaves no Redis behind.
  const server = spawn('setpriv', ['--pdeathsig', 'KILL', 'redis-server', ...settings], { stdio: 'ignore' });
  while (!existsSync(socket) && server.exitCode === null && server.signalCode === null) await sleep(5);
  return server;
}

async function writeFleet(): Promise<string> {
  const root = await writeKeys(folder, fleetNameSchema.parse('warm-up'));
  const file = join(folder, 'celeroot.yaml');
  const lines = [
    'version: 1\nfleet: warm-up',
    `roots: ["${root}"]\nbroker: { url: "unix://${socket}" }`,
    'roles: { web: { description: none } }\nhosts: { web1: { roles: [web] } }\n',
  ];
  await writeFile(file, lines.join('\n'));
  return file;
}
