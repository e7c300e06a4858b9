import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { configFile } from '../../lab/fleet.ts';
import { hostArgv, resetHost, runOnHost, startHost, stopHost } from '../../lab/host.ts';
import { publish, startRedis, stopRedis } from '../../lab/hub.ts';
import { addressOf, hostPlace, labHosts, type LabHost } from '../../lab/lab-host.ts';
import { downLab, upLab } from '../../lab/lab.ts';
import { findInit, markedProcesses } from '../../lab/namespaces.ts';
import { labPaths, type LabPaths } from '../../lab/paths.ts';
import type { Stage } from '../../lab/repository/build-repository.ts';
import { waitUntil } from './redis.ts';
import { attempt, type Ran, type RunOptions } from '../../lab/run-command.ts';
import type { LabState } from '../../lab/state.ts';
import { awaitOnline, killWorker, startWorker, stopWorker, workerLog } from '../../lab/worker.ts';

export type TestLabOptions = {
  readonly hosts: number;
  /** Start the hosts' workers; default true. */
  readonly workers?: boolean;
  readonly systemd?: boolean;
};

/** A lab of its own for one test file; `await using` ends it and fails when it leaves anything behind. */
export type TestLab = AsyncDisposable & {
  readonly paths: LabPaths;
  readonly state: LabState;
  readonly hosts: readonly TestHost[];
  readonly configFile: string;
  /** Runs celeroot outside the hosts, on the lab's fleet. */
  celeroot(argv: readonly string[], options?: RunOptions): Promise<Ran>;
  publish(stage: Stage): Promise<void>;
  startRedis(): Promise<void>;
  stopRedis(): Promise<void>;
};

export type TestHost = {
  readonly name: string;
  readonly address: string;
  /** Runs a program on the host as root and returns however it ended. */
  run(argv: readonly string[], options?: RunOptions): Promise<Ran>;
  /** As `run`, but a failure of the program is one of the test; returns its standard output. */
  must(argv: readonly string[], options?: RunOptions): Promise<string>;
  /** The argument list that runs a program on the host from here, for a test that needs its own child. */
  argv(argv: readonly string[]): string[];
  /** The host as the lab made it, without a worker. */
  reset(): Promise<void>;
  /** Pulls the plug and starts the host again on the files it had, without a worker. */
  reboot(): Promise<void>;
  /**
   * Whether its init is gone, asked from outside. A program run on a host that shuts down may never return: systemd
   * stops all processes before it kills them, and nsenter then stops itself too, where no SIGCONT reaches it.
   */
  isOff(): boolean;
  startWorker(): Promise<void>;
  /** Waits until the worker last started has shown itself in Redis: from then on it obeys. */
  workerOnline(): Promise<void>;
  stopWorker(): Promise<void>;
  killWorker(): Promise<void>;
  /** What the worker has printed since the host is new. */
  workerLog(): Promise<string>;
};

export async function openLab(options: TestLabOptions): Promise<TestLab> {
  const paths = labPaths(`test-${process.pid}-${randomBytes(3).toString('hex')}`);
  await removeAbandoned(dirname(paths.folder));
  const state = await upLab(paths, { hosts: options.hosts, systemd: options.systemd ?? false });
  const hosts = labHosts(paths, state);
  if (options.workers !== false) {
    await Promise.all(hosts.map(startWorker));
    await awaitOnline(hosts);
  }
  return {
    paths,
    state,
    hosts: hosts.map(testHost),
    configFile: configFile(paths),
    celeroot: async (argv, runOptions = {}) => {
      const env = { ...process.env, CELEROOT_CONFIG: configFile(paths), ...runOptions.env };
      return await attempt([process.execPath, join(paths.folder, 'opt/celeroot.cjs'), ...argv], { ...runOptions, env });
    },
    publish: (stage) => publish(paths, state, stage),
    startRedis: () => startRedis(paths, state),
    stopRedis: () => stopRedis(paths, state),
    [Symbol.asyncDispose]: () => closeLab(paths, state),
  };
}

function testHost(host: LabHost): TestHost {
  const run = (argv: readonly string[], options?: RunOptions): Promise<Ran> => runOnHost(host, argv, options);
  let startedMs = 0;
  return {
    name: host.name,
    address: addressOf(host),
    run,
    must: async (argv, options) => {
      const ran = await run(argv, options);
      assert.equal(ran.code, 0, `${host.name}: ${argv.join(' ')}: ${ran.stdout}${ran.stderr}`);
      return ran.stdout;
    },
    argv: (argv) => hostArgv(host, argv),
    reset: () => resetHost(host),
    reboot: async () => {
      await stopHost(host);
      await startHost(host);
    },
    isOff: () => findInit(hostPlace(host)) === null,
    startWorker: async () => {
      startedMs = Date.now();
      await startWorker(host);
    },
    workerOnline: () => awaitOnline([host], startedMs),
    stopWorker: () => stopWorker(host),
    killWorker: () => killWorker(host),
    workerLog: () => workerLog(host),
  };
}

async function closeLab(paths: LabPaths, state: LabState): Promise<void> {
  await downLab(paths);
  const left = markedProcesses().filter((marked) => marked.place.startsWith(paths.folder));
  assert.deepEqual(left, [], 'processes of the lab are left');
  const mounts = await readFile('/proc/self/mountinfo', 'utf8');
  assert.ok(!mounts.includes(paths.folder), 'mounts of the lab are left');
  const { stdout } = await attempt(['ip', '-brief', 'address']);
  assert.ok(!stdout.includes(`10.213.${state.subnet}.`), 'a link of the lab is left');
  assert.ok(!existsSync(paths.folder), 'files of the lab are left');
  const groups = await attempt(['find', '/sys/fs/cgroup', '-path', `*${paths.folder}`]);
  assert.equal(groups.stdout, '', 'control groups of the lab are left');
  await waitUntil(
    () => !process.getActiveResourcesInfo().includes('ProcessWrap'),
    'programs run on hosts to end',
    5000,
  );
}

/** A killed test run cannot end its lab; the next one does, knowing the owner by the process id in the name. */
async function removeAbandoned(labs: string): Promise<void> {
  for (const name of await readdir(labs).catch(() => [])) {
    const owner = /^test-(\d+)-/.exec(name)?.[1];
    if (owner !== undefined && !existsSync(`/proc/${owner}`)) await downLab(labPaths(name));
  }
}
