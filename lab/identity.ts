import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeWorkerFile } from './fleet.ts';
import { hostPlace, putFile, type LabHost } from './lab-host.ts';
import { labNetwork } from './network.ts';

const SOURCES = `Types: deb
URIs: http://repo.lab/
Suites: lab lab-security
Components: main
Signed-By: /usr/share/keyrings/celeroot-lab.gpg
`;

/**
 * The worker of hosts that boot systemd. It does not restart by itself, so that one sees what a killed worker leaves
 * behind.
 */
const WORKER_UNIT = `[Unit]
Description=celeroot worker
After=network.target

[Service]
ExecStart=/opt/celeroot/celeroot worker /etc/celeroot/worker.yaml
KillMode=mixed
TimeoutStopSec=60

[Install]
WantedBy=multi-user.target
`;

/** Gives a new host what makes it this host: its name, the lab's addresses and packages, and its place in the fleet. */
export async function writeIdentity(host: LabHost): Promise<void> {
  const { hub } = labNetwork(host.state.subnet);
  const machineId = createHash('md5').update(hostPlace(host)).digest('hex');
  const files = {
    'etc/hostname': `${host.name}\n`,
    'etc/machine-id': `${machineId}\n`,
    'etc/hosts': `127.0.0.1 localhost ${host.name}\n${hub} redis.lab repo.lab\n`,
    'etc/apt/sources.list.d/lab.sources': SOURCES,
    'usr/share/keyrings/celeroot-lab.gpg': await readFile(join(host.state.repository, 'celeroot-lab.gpg')),
  };
  if (host.state.systemd) Object.assign(files, { 'etc/systemd/system/celeroot-worker.service': WORKER_UNIT });
  for (const [path, content] of Object.entries(files)) await putFile(host, { path, content });
  await writeWorkerFile(host);
}
