import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandError, RejectedError } from '../src/core/errors.ts';
import { makeCgroup, removeCgroups } from './cgroup.ts';
import { hubPlace } from './hub.ts';
import { writeIdentity } from './identity.ts';
import { programFolder } from './install-celeroot.ts';
import { addressOf, hostFiles, hostPlace, type LabHost } from './lab-host.ts';
import { enterArgv, findInit, killPlace, startInit, WITHOUT } from './namespaces.ts';
import { CHECKOUT } from './paths.ts';
import { attempt, type Ran, type RunOptions } from './run-command.ts';

const NODE = join(CHECKOUT, 'node_modules', `node-linux-${process.arch}`, 'bin/node');

/** Starts the host, if it does not run, on the file system it had, or on a fresh one when it had none. */
export async function startHost(host: LabHost): Promise<void> {
  const place = hostPlace(host);
  if (findInit(place) !== null) return;
  const hub = findInit(hubPlace(host.paths));
  if (hub === null) throw new RejectedError('COMMAND_FAILED', `lab ${host.paths.name} does not run`);
  if (!existsSync(hostFiles(host))) await writeIdentity(host);
  for (const folder of ['work', 'root']) await mkdir(join(place, folder), { recursive: true });
  const cgroup = host.state.systemd ? { cgroup: await makeCgroup(place) } : {};
  await startInit(initArgv(host, hub), { place, log: join(place, 'host.log'), ...cgroup });
  if (host.state.systemd) await finishBoot(host);
}

function initArgv(host: LabHost, hub: number): string[] {
  const script = join(import.meta.dirname, 'host-init.sh');
  const opt = programFolder(host.paths);
  const port = `host${host.state.hosts.indexOf(host.name)}`;
  const boot = host.state.systemd ? 'systemd' : 'plain';
  const address = `${addressOf(host)}/24`;
  return ['sh', script, boot, hostPlace(host), host.state.base, opt, NODE, `${hub}`, port, address, host.name, WITHOUT];
}

/** Until the bus is there, systemctl cannot wait. `degraded` is a boot too. */
const WAIT_FOR_BOOT = `
until systemctl is-system-running --wait 2>/dev/null | grep -qE '^(running|degraded)$'; do sleep 0.02; done`;

async function finishBoot(host: LabHost): Promise<void> {
  const ran = await runOnHost(host, ['timeout', '60', 'sh', '-c', WAIT_FOR_BOOT]);
  if (ran.code === 0) return;
  throw new CommandError('COMMAND_FAILED', `systemd of ${host.name} does not boot`, {
    hint: `see: npm run lab -- sh ${host.name} journalctl -b`,
  });
}

/** As pulling the plug: everything on the host is killed at once; its file system stays. */
export async function stopHost(host: LabHost): Promise<void> {
  await killPlace(hostPlace(host));
  await removeCgroups(hostPlace(host));
}

/** A host as it was when the lab made it. */
export async function resetHost(host: LabHost): Promise<void> {
  await stopHost(host);
  // Out of the way first: the new host need not wait until the old one's files are deleted.
  const old = join(host.paths.folder, `old-${host.name}-${process.pid}`);
  await rename(hostPlace(host), old);
  const [started] = await Promise.allSettled([startHost(host), rm(old, { recursive: true, force: true })]);
  if (started.status === 'rejected') throw started.reason;
}

/** Runs a program on the host as root and returns however it ended. */
export async function runOnHost(host: LabHost, argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
  return await attempt(hostArgv(host, argv), options);
}

/** The argument list that runs a program on the host from this machine. */
export function hostArgv(host: LabHost, argv: readonly string[]): string[] {
  const init = findInit(hostPlace(host));
  if (init === null) throw new RejectedError('COMMAND_FAILED', `host ${host.name} does not run`);
  return enterArgv(init, argv);
}
