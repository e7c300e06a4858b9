import { join } from 'node:path';
import { run } from '../lab/run-command.ts';
import type { TestHost } from '../test/support/lab.ts';
import { serveSsh, type SshServers } from '../test/support/ssh-server.ts';

/** SSH to all hosts of a lab over connections that are open. Disposing closes them and ends the hosts' servers. */
export async function openWarmSsh(hosts: readonly TestHost[], folder: string): Promise<SshServers> {
  await using opened = new AsyncDisposableStack();
  const { configFile } = opened.use(await serveSsh(hosts, folder, sharedConnections(folder)));
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
function sharedConnections(folder: string): string {
  return `ControlMaster auto
ControlPath ${join(folder, '%h')}
ControlPersist 10m
`;
}
