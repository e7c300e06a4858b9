import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { RejectedError } from '../src/core/errors.ts';
import { baseRoot } from './base.ts';
import { removeCgroups } from './cgroup.ts';
import { writeFleet } from './fleet.ts';
import { startHost } from './host.ts';
import { hubPlace, startHub } from './hub.ts';
import { installCeleroot } from './install-celeroot.ts';
import { labHosts } from './lab-host.ts';
import { takeLock } from './lock.ts';
import { findInit, killPlace } from './namespaces.ts';
import { freeSubnet, labNetwork, unlinkMachine } from './network.ts';
import type { LabPaths } from './paths.ts';
import { checkPrograms } from './programs.ts';
import { builtRepository } from './repository/build-repository.ts';
import { readState, writeState, type LabState } from './state.ts';

export type UpOptions = { readonly hosts: number; readonly systemd: boolean };

/** Starts what of the lab does not run: the hub, then all hosts. Hosts come without their workers. */
export async function upLab(paths: LabPaths, options: UpOptions): Promise<LabState> {
  checkPrograms();
  const base = await baseRoot(paths.cache);
  const repository = await builtRepository(paths.cache);
  await mkdir(paths.folder, { recursive: true, mode: 0o711 });
  const state = await startedHub(paths, { ...options, base, repository });
  await installCeleroot(paths);
  await writeFleet(paths, state);
  await Promise.all(labHosts(paths, state).map(startHost));
  return state;
}

/** Ends and removes everything of the lab but the shared cache, whatever state it is in. */
export async function downLab(paths: LabPaths): Promise<void> {
  const state = await readState(paths).catch(() => null);
  await killPlace(paths.folder);
  await removeCgroups(paths.folder);
  if (state !== null) await unlinkMachine(labNetwork(state.subnet));
  await rm(paths.folder, { recursive: true, force: true });
}

/** One lab at a time chooses its addresses, until the machine's routes show the choice. */
async function startedHub(
  paths: LabPaths,
  options: UpOptions & { readonly base: string; readonly repository: string },
): Promise<LabState> {
  await using _ = await takeLock(join(paths.cache, 'network.lock'));
  const known = await readState(paths);
  const state = known === null ? await newState(paths, options) : grown(known, options);
  await writeState(paths, state);
  // Without their hub, hosts have lost their network.
  if (findInit(hubPlace(paths)) === null) await killPlace(paths.folder);
  await startHub(paths, state);
  return state;
}

async function newState(
  paths: LabPaths,
  options: UpOptions & { readonly base: string; readonly repository: string },
): Promise<LabState> {
  return {
    ...options,
    subnet: await freeSubnet(paths.name),
    hosts: hostNames(options.hosts),
    database: `web${options.hosts}`,
    password: randomBytes(18).toString('base64url'),
  };
}

/** A lab that is up already keeps what it has and gets the hosts that are missing. */
function grown(known: LabState, options: UpOptions): LabState {
  if (known.systemd !== options.systemd) {
    throw new RejectedError('USAGE', `the lab's hosts were made ${known.systemd ? 'with' : 'without'} systemd`, {
      hint: 'to change that: npm run lab -- down',
    });
  }
  return { ...known, hosts: hostNames(Math.max(known.hosts.length, options.hosts)) };
}

function hostNames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `web${index + 1}`);
}
