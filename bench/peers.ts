import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { existsSync } from 'node:fs';
import type { TestLab } from '../test/support/lab.ts';
import type { Skipped } from './result.ts';
import type { Command } from './timing.ts';
import { openWarmSsh } from './warm-ssh.ts';

/** What others drive fleets with over SSH, set up for the hosts of a lab. */
export type Peer = {
  readonly name: string;
  /** Does nothing on all hosts. */
  readonly noOp: Command;
  readonly install: (packageName: string) => Command;
};

/** Disposing closes the connections and ends the hosts' SSH servers. */
export type Peers = AsyncDisposable & { readonly found: readonly Peer[]; readonly missing: readonly Skipped[] };

/** What all of them are given: as many connections at once as there are hosts. */
type Reach = {
  /** One address a line. */
  readonly hostsFile: string;
  readonly sshConfig: string;
  readonly hosts: number;
  /** Their home, so that they find no settings and leave nothing in root's. */
  readonly home: string;
};

type Tool = {
  readonly name: string;
  readonly programs: readonly string[];
  readonly setUp: (program: string, reach: Reach) => Omit<Peer, 'name'>;
};

const TOOLS: readonly Tool[] = [
  { name: 'pssh', programs: ['parallel-ssh', 'pssh'], setUp: pssh },
  { name: 'clush', programs: ['clush'], setUp: clush },
  { name: 'Ansible', programs: ['ansible'], setUp: ansible },
];

/** Makes ready those of them that are installed on this machine, with connections that are open already. */
export async function openPeers(lab: TestLab, folder: string): Promise<Peers> {
  const tools = TOOLS.map((tool) => ({ tool, program: findProgram(tool.programs) }));
  const missing = tools.flatMap(({ tool, program }) => (program === null ? [notInstalled(tool)] : []));
  if (missing.length === tools.length) return { found: [], missing, [Symbol.asyncDispose]: async () => undefined };
  const ssh = await openWarmSsh(lab.hosts, join(folder, 'ssh'));
  const hostsFile = join(folder, 'hosts');
  await writeFile(hostsFile, lab.hosts.map(({ address }) => `${address}\n`).join(''));
  const reach = { hostsFile, sshConfig: ssh.configFile, hosts: lab.hosts.length, home: folder };
  const found = tools.flatMap(({ tool, program }) =>
    program === null ? [] : [{ name: tool.name, ...tool.setUp(program, reach) }],
  );
  return { found, missing, [Symbol.asyncDispose]: () => ssh[Symbol.asyncDispose]() };
}

function pssh(program: string, { hostsFile, sshConfig, hosts, home }: Reach): Omit<Peer, 'name'> {
  const options = ['--hosts', hostsFile, '--par', `${hosts}`, '--timeout', '0', '--extra-args', `-F ${sshConfig}`];
  const command = (...argv: readonly string[]): Command => ({
    argv: [program, ...options, ...argv],
    env: { HOME: home },
  });
  return { noOp: command('true'), install: (name) => command(aptInstall(name)) };
}

/** `--maxrc`: without it, it succeeds when a host fails. */
function clush(program: string, { hostsFile, sshConfig, hosts, home }: Reach): Omit<Peer, 'name'> {
  const options = ['--hostfile', hostsFile, '--fanout', `${hosts}`, '--maxrc', '--options', `-F ${sshConfig}`];
  const command = (...argv: readonly string[]): Command => ({
    argv: [program, ...options, ...argv],
    env: { HOME: home },
  });
  return { noOp: command('true'), install: (name) => command(aptInstall(name)) };
}

/** As fast as it is known to go: modules through the open connection, no facts, no search for a Python. */
function ansible(program: string, { hostsFile, sshConfig, hosts, home }: Reach): Omit<Peer, 'name'> {
  const env = {
    HOME: home,
    ANSIBLE_PIPELINING: 'True',
    ANSIBLE_GATHERING: 'explicit',
    ANSIBLE_PYTHON_INTERPRETER: '/usr/bin/python3',
    ANSIBLE_SSH_ARGS: `-F ${sshConfig}`,
  };
  const module = (...argv: readonly string[]): Command => ({
    argv: [program, 'all', '--inventory', hostsFile, '--forks', `${hosts}`, '--module-name', ...argv],
    env,
  });
  return { noOp: module('ping'), install: (name) => module('apt', '--args', `name=${name}`) };
}

function aptInstall(packageName: string): string {
  return `DEBIAN_FRONTEND=noninteractive apt-get -qq install -y ${packageName}`;
}

function notInstalled({ name }: Tool): Skipped {
  return { kind: 'skipped', what: `${name} on the same hosts`, why: 'not installed on this machine' };
}

function findProgram(names: readonly string[]): string | null {
  const folders = (process.env['PATH'] ?? '').split(':').filter((folder) => folder !== '');
  const paths = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  return paths.find((path) => existsSync(path)) ?? null;
}
