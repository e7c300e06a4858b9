import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../lab/run-command.ts';
import type { TestHost } from './lab.ts';

/** SSH servers on hosts of a lab. Disposing ends them. */
export type SshServers = AsyncDisposable & {
  /** For `ssh -F`: it reads no other settings, keys or known hosts than those of this folder. */
  readonly configFile: string;
};

/** In the host's memory only; `sshd` reads none of the host's settings and lets in nobody but the key it is given. */
const SERVE = `
set -eu
mkdir -p -m 0755 /run/sshd
mkdir -m 0755 /run/lab-ssh
cd /run/lab-ssh
cat >authorized_keys
ssh-keygen -q -t ed25519 -N '' -f host_key
/usr/sbin/sshd -f /dev/null -o "ListenAddress=$1" -o HostKey=$PWD/host_key -o PidFile=$PWD/pid \
  -o AuthorizedKeysFile=$PWD/authorized_keys -o AuthenticationMethods=publickey
cat host_key.pub`;

const END = `
pid=$(cat /run/lab-ssh/pid) && kill "$pid"
while kill -0 "$pid" 2>/dev/null; do sleep 0.02; done
rm -rf /run/lab-ssh`;

/** Starts a server on each host, on its own address, for a key that is made for this. `settings` are more of ssh_config. */
export async function serveSsh(hosts: readonly TestHost[], folder: string, settings = ''): Promise<SshServers> {
  await using opened = new AsyncDisposableStack();
  await mkdir(folder, { mode: 0o700 });
  const key = join(folder, 'key');
  await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', key]);
  const input = await run(['ssh-keygen', '-y', '-f', key]);
  const serve = async (host: TestHost): Promise<string> => {
    const hostKey = await host.must(['sh', '-c', SERVE, 'sh', host.address], { input });
    opened.defer(async () => void (await host.must(['sh', '-c', END])));
    return `${host.address} ${hostKey}`;
  };
  const knownHosts = await Promise.all(hosts.map(serve));
  await writeFile(join(folder, 'known_hosts'), knownHosts.join(''));
  const configFile = join(folder, 'config');
  await writeFile(configFile, `${clientSettings(folder)}${settings}`);
  const all = opened.move();
  return { configFile, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

function clientSettings(folder: string): string {
  return `User root
IdentityFile ${join(folder, 'key')}
IdentitiesOnly yes
IdentityAgent none
BatchMode yes
UserKnownHostsFile ${join(folder, 'known_hosts')}
GlobalKnownHostsFile /dev/null
StrictHostKeyChecking yes
`;
}
