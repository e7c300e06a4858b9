import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { hostAddress, labNetwork } from './network.ts';
import type { LabPaths } from './paths.ts';
import type { LabState } from './state.ts';

/** One host of a lab, running or not. */
export type LabHost = {
  readonly name: string;
  readonly paths: LabPaths;
  readonly state: LabState;
};

export function labHosts(paths: LabPaths, state: LabState): LabHost[] {
  return state.hosts.map((name) => ({ name, paths, state }));
}

/** The host's folder: the upper part of its file system and what the lab needs for it. */
export function hostPlace(host: LabHost): string {
  return join(host.paths.folder, 'hosts', host.name);
}

/** The part of the host's files that is its own; only to be written while the host does not run. */
export function hostFiles(host: LabHost): string {
  return join(hostPlace(host), 'upper');
}

/** The host's address on the lab's bridge. */
export function addressOf(host: LabHost): string {
  return hostAddress(labNetwork(host.state.subnet), host.state.hosts.indexOf(host.name));
}

/** A file of a host; the mode is 0644 when there is none. */
export type HostFile = { readonly path: string; readonly content: string | Uint8Array; readonly mode?: number };

/** Writes a file of a host that does not run. */
export async function putFile(host: LabHost, { path, content, mode = 0o644 }: HostFile): Promise<void> {
  const file = join(hostFiles(host), path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content, { mode });
}
