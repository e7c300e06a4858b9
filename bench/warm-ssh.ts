import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../lab/run-command.ts';
import type { TestHost } from '../test/support/lab.ts';

/** SSH to all hosts of a lab over connections that are open. Disposing closes them and ends the hosts' servers. */
export type WarmSsh = AsyncDisposable & {
  /** For `ssh -F`: it reads no other settings, keys or known hosts than those of this folder. */
  readonly configFile: string;
};

/** In the host's memory only; `sshd` reads none of the host's settings and lets in nobody but the key it is given. */
const SERVE = `
set -eu
mkdir -m 0755 /run/sshd /run/bench-ssh
cd /run/bench-ssh
cat >authorized_keys
ssh-keygen -q -t ed25519 -N '' -f host_key
/usr/sbin/sshd -f /dev/null -o "ListenAddress=$1" -o HostKey=$PWD/host_key -o PidFile=$PWD/pid \
  -o AuthorizedKeysFile=$PWD/authorized_keys -o AuthenticationMethods=publickey
cat host_key.pub`;

const END = `
pid=$(cat /run/bench-ssh/pid) && kill "$pid"
while kill -0 "$pid" 2>/dev/null; do sleep 0.02; done
rm -rf /run/bench-ssh /run/sshd`;

/** Starts an SSH server on each host, on its own address, and connects to it with a key made for this. */
export async function openWarmSsh(hosts: readonly TestHost[], folder: string): Promise<WarmSsh> {
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
  await writeFile(configFile, clientSettings(folder));
  const ssh = ['ssh', '-F', configFile];
  const connect = async ({ address }: TestHost): Promise<void> => {
    await run([...ssh, address, 'true']);
    opened.defer(async () => void (await run([...ssh, '-O', 'exit', address])));
  };
  await Promise.all(hosts.map(connect));
  const all = opened.move();
  return { configFile, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

/** The first connection to a host stays open behind a socket, which later ones use; see ssh_config(5). */
function clientSettings(folder: string): string {
  return `User root
IdentityFile ${join(folder, 'key')}
IdentitiesOnly yes
IdentityAgent none
BatchMode yes
UserKnownHostsFile ${join(folder, 'known_hosts')}
GlobalKnownHostsFile /dev/null
StrictHostKeyChecking yes
ControlMaster auto
ControlPath ${join(folder, '%h')}
ControlPersist 10m
`;
}
