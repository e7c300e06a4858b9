import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { editText } from '../src/config/edit.ts';
import { acceptHost, addHost } from '../src/config/host-edits.ts';
import { loadFleet } from '../src/config/load.ts';
import { PASSWORD_FILE, renderWorkerFile } from '../src/config/worker-file.ts';
import { changeConfig } from '../src/config/write-config.ts';
import { RejectedError } from '../src/core/errors.ts';
import { fleetNameSchema, hostNameSchema, type FleetName } from '../src/core/names.ts';
import { readSigningKey, writeSigningKey } from '../src/trust/key-file.ts';
import { makeSigningKey } from '../src/trust/key.ts';
import { writeKeys } from '../src/fleet/write-keys.ts';
import { putFile, type LabHost } from './lab-host.ts';
import { labNetwork, REDIS_PORT } from './network.ts';
import type { LabPaths } from './paths.ts';
import type { LabState } from './state.ts';

export function configFile(paths: LabPaths): string {
  return join(paths.folder, 'celeroot.yaml');
}

/** Writes celeroot.yaml and what it names, and adds the hosts that are missing in it; the rest may have been edited. */
export async function writeFleet(paths: LabPaths, state: LabState): Promise<void> {
  await writeFile(join(paths.folder, PASSWORD_FILE), `${state.password}\n`, { mode: 0o600 });
  const keys = await makeHostKeys(paths, state);
  const file = configFile(paths);
  if (!existsSync(file)) {
    const root = await writeKeys(paths.folder, fleetNameIn(paths));
    await writeFile(file, startingFile(paths, state, root));
  }
  await changeConfig(file, {}, (text, config) => {
    const known = new Set<string>(config.hosts.keys());
    const missing = state.hosts.filter((name) => !known.has(name));
    return editText(
      text,
      missing.flatMap((name) => addHost(config, name, newHost(state, name))),
    );
  });
  await changeConfig(file, {}, (text, config) =>
    editText(
      text,
      keys.flatMap(([name, key]) =>
        config.hosts.get(hostNameSchema.parse(name))?.key === null
          ? acceptHost(config, name, { key, replace: false })
          : [],
      ),
    ),
  );
}

/** Gives a host its worker.yaml, as the fleet's celeroot.yaml says now, and the password for Redis. */
export async function writeWorkerFile(host: LabHost): Promise<void> {
  const key = await readFile(hostKeyFile(host.paths, host.name));
  await putFile(host, { path: 'var/lib/celeroot/host.key', content: key, mode: 0o600 });
  const config = loadFleet(configFile(host.paths), {});
  const described = [...config.hosts.values()].find((each) => each.name === host.name);
  if (described === undefined) {
    throw new RejectedError('UNKNOWN_HOST', `host ${host.name} is not in ${config.file} any more`, {
      hint: `add it again with: ./celeroot hosts add ${host.name} --role webserver`,
    });
  }
  const content = renderWorkerFile(config, described, { leastTrust: 1 });
  await putFile(host, { path: 'etc/celeroot/worker.yaml', content });
  await putFile(host, { path: `etc/celeroot/${PASSWORD_FILE}`, content: `${host.state.password}\n`, mode: 0o600 });
}

function startingFile(paths: LabPaths, state: LabState, root: string): string {
  return `# The fleet of the lab ${paths.name}. Edit it as you like: the lab only adds hosts.
# A host gets what it needs of it when it is new: npm run lab -- reset HOST
version: 1
fleet: ${fleetNameIn(paths)}
roots:
  - ${root}
broker:
  url: redis://${labNetwork(state.subnet).hub}:${REDIS_PORT}
  password_file: ${PASSWORD_FILE}

roles:
  webserver:
    description: Every host of the lab
    exclude: [linux-image-*]
  database:
    description: One host, which may be looked at but not changed for this role
    tasks: [system.check, system.facts, system.ping, audit.*, keys.*, apt.update, apt.list-upgradable]

hosts: {}
`;
}

/** A host's key outlives its files, so that a host that was reset is believed as before. Public halves by name. */
async function makeHostKeys(paths: LabPaths, state: LabState): Promise<readonly (readonly [string, string])[]> {
  await mkdir(join(paths.folder, 'keys'), { recursive: true, mode: 0o700 });
  const keys: [string, string][] = [];
  for (const name of state.hosts) {
    const file = hostKeyFile(paths, name);
    if (!existsSync(file)) await writeSigningKey(file, makeSigningKey());
    keys.push([name, (await readSigningKey(file)).id]);
  }
  return keys;
}

function hostKeyFile(paths: LabPaths, name: string): string {
  return join(paths.folder, 'keys', `${name}.key`);
}

function fleetNameIn(paths: LabPaths): FleetName {
  return fleetNameSchema.parse(`lab-${paths.name}`);
}

function newHost(state: LabState, name: string): Parameters<typeof addHost>[2] {
  const roles = name === state.database ? ['webserver', 'database'] : ['webserver'];
  return { roles, address: null, description: null };
}
