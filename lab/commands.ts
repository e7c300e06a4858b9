import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UsageError } from '../src/core/errors.ts';
import { blankHost } from './blank.ts';
import { hostArgv, resetHost, startHost, stopHost } from './host.ts';
import { hubPlace, publish, startRedis, stopRedis } from './hub.ts';
import { instructions } from './instructions.ts';
import { addressOf, hostPlace, labHosts, type LabHost } from './lab-host.ts';
import { downLab, upLab } from './lab.ts';
import { findInit } from './namespaces.ts';
import { labNetwork, MOST_HOSTS } from './network.ts';
import { labPaths, type LabPaths } from './paths.ts';
import { STAGES } from './repository/build-repository.ts';
import { runHere } from './run-command.ts';
import { readState, type LabState } from './state.ts';
import { awaitOnline, killWorker, startWorker, stopWorker, workerRuns } from './worker.ts';

type CommandInput = { readonly args: readonly string[]; readonly systemd: boolean };
type Command = (paths: LabPaths, input: CommandInput) => Promise<number>;

/** What `npm run lab -- WORD` does, by its first word. */
export const COMMANDS: Readonly<Record<string, Command>> = {
  up: async (paths, { args, systemd }) => {
    const state = await upLab(paths, { hosts: hostCount(args[0] ?? '3'), systemd });
    await Promise.all(labHosts(paths, state).map(startWorker));
    await awaitOnline(labHosts(paths, state));
    console.log(instructions(paths, state));
    return 0;
  },

  down: async (paths) => {
    await downLab(paths);
    console.log(`lab: ${paths.name} is gone; what it was built from stays in ${paths.cache}`);
    return 0;
  },

  ls: async (paths) => {
    const names = await labNames(dirname(paths.folder));
    for (const name of names) console.log(await summary(labPaths(name)));
    if (names.length === 0) console.log('no labs');
    return 0;
  },

  status: async (paths) => {
    const state = await existing(paths);
    console.log(await summary(paths));
    for (const host of labHosts(paths, state)) console.log(await hostLine(host));
    return 0;
  },

  instructions: async (paths) => {
    console.log(instructions(paths, await existing(paths)));
    return 0;
  },

  sh: async (paths, { args }) => {
    const [name, ...argv] = args;
    const host = await namedHost(paths, name);
    if (argv.length > 0) return await runHere(hostArgv(host, argv));
    // A terminal of the host's own, so that job control works in the shell.
    const shell = process.stdin.isTTY ? ['script', '-qec', 'bash -l', '/dev/null'] : ['bash', '-l'];
    return await runHere(hostArgv(host, shell));
  },

  reset: async (paths, { args }) => {
    const state = await existing(paths);
    const hosts = args[0] === undefined ? labHosts(paths, state) : [await namedHost(paths, args[0])];
    const start = performance.now();
    await Promise.all(hosts.map(resetHost));
    const seconds = ((performance.now() - start) / 1000).toFixed(2);
    await Promise.all(hosts.map(startWorker));
    console.log(`lab: ${hosts.map((host) => host.name).join(', ')} as new after ${seconds} s`);
    return 0;
  },

  blank: async (paths, { args }) => {
    console.log(await blankHost(await namedHost(paths, args[0])));
    return 0;
  },

  reboot: async (paths, { args }) => {
    const host = await namedHost(paths, args[0]);
    await stopHost(host);
    await startHost(host);
    await startWorker(host);
    return 0;
  },

  worker: async (paths, { args }) => {
    const [action, name] = args;
    const host = await namedHost(paths, name);
    await chosen('worker', action, { start: startWorker, stop: stopWorker, kill: killWorker })(host);
    return 0;
  },

  redis: async (paths, { args }) => {
    const state = await existing(paths);
    await chosen('redis', args[0], { start: startRedis, stop: stopRedis })(paths, state);
    return 0;
  },

  publish: async (paths, { args }) => {
    const state = await existing(paths);
    const stages = Object.fromEntries(STAGES.map((stage) => [stage, () => publish(paths, state, stage)]));
    await chosen('publish', args[0], stages)();
    return 0;
  },
};

function hostCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= MOST_HOSTS) return count;
  throw new UsageError('USAGE', `a lab has 1 to ${MOST_HOSTS} hosts, not ${JSON.stringify(text)}`);
}

async function labNames(labs: string): Promise<string[]> {
  return existsSync(labs) ? await readdir(labs) : [];
}

async function existing(paths: LabPaths): Promise<LabState> {
  const state = await readState(paths);
  if (state !== null) return state;
  throw new UsageError('USAGE', `there is no lab ${paths.name}`, {
    hint: 'start one with: npm run lab -- up 3; see all with: npm run lab -- ls',
  });
}

async function namedHost(paths: LabPaths, name: string | undefined): Promise<LabHost> {
  const state = await existing(paths);
  const host = labHosts(paths, state).find((candidate) => candidate.name === name);
  if (host !== undefined) return host;
  throw new UsageError('USAGE', `lab ${paths.name} has no host ${JSON.stringify(name ?? '')}`, {
    hint: `its hosts are ${state.hosts.join(', ')}`,
  });
}

function chosen<T>(command: string, word: string | undefined, choices: Readonly<Record<string, T>>): T {
  const choice = word === undefined ? undefined : choices[word];
  if (choice !== undefined) return choice;
  const words = Object.keys(choices).join(' | ');
  throw new UsageError('USAGE', `lab ${command} ${word ?? ''}: expected ${words}`);
}

async function summary(paths: LabPaths): Promise<string> {
  const state = await readState(paths);
  if (state === null) return `${paths.name}: not complete; remove it with: npm run lab -- down --name ${paths.name}`;
  const runs = findInit(hubPlace(paths)) === null ? 'stopped' : 'up';
  return `${paths.name}: ${runs}, ${state.hosts.length} hosts, Redis at ${labNetwork(state.subnet).hub}`;
}

async function hostLine(host: LabHost): Promise<string> {
  const address = addressOf(host);
  if (findInit(hostPlace(host)) === null) return `  ${host.name}  ${address}  stopped`;
  return `  ${host.name}  ${address}  up, worker ${(await workerRuns(host)) ? 'runs' : 'stopped'}`;
}
