import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brokerForHosts } from '../../src/config/broker-for-hosts.ts';
import { readBroker } from '../../src/config/read-broker.ts';
import { formatNode, type BrokerSettings } from '../../src/core/broker-settings.ts';
import { embeddedFiles, embeddedFolder, type EmbeddedFiles } from '../../src/core/embedded-files.ts';
import type { HostUser } from '../../src/core/host-user.ts';
import { startEmbeddedBroker, stopEmbeddedBroker } from '../../src/queue/embedded-broker.ts';
import type { ServerCertificate } from '../../src/queue/embedded-tls.ts';
import { freePort } from './redis.ts';

/** An embedded Redis that listens for other hosts, in a state folder of its own. */
export type ListeningBroker = AsyncDisposable & {
  readonly stateDir: string;
  readonly files: EmbeddedFiles;
  readonly port: number;
  readonly start: (users?: readonly HostUser[]) => Promise<boolean>;
  /** As the configuration gives them now: the controller's, at the socket. */
  readonly controller: () => BrokerSettings;
  /** What hosts are told, without a login. */
  readonly forHosts: () => BrokerSettings;
  /** What its certificate must be at that time. */
  readonly certificateAt: (now: number) => Promise<ServerCertificate>;
};

/** `host` is what hosts connect to. Not started yet. */
export async function makeListeningBroker(host = '127.0.0.1'): Promise<ListeningBroker> {
  const stateDir = await mkdtemp(join(tmpdir(), 'celeroot-listening-'));
  const files = embeddedFiles(embeddedFolder(stateDir));
  const port = await freePort();
  const controller = (): BrokerSettings => {
    const around = { folder: stateDir, env: { CELEROOT_STATE_DIR: stateDir } };
    const { settings, findings } = readBroker({ embedded: true, listen: formatNode({ host, port }) }, around);
    if (settings === null) throw new Error(findings.map(({ message }) => message).join('\n'));
    return settings;
  };
  return {
    stateDir,
    files,
    port,
    start: async (users = []) => {
      const listen = { node: { host, port }, environment: null, users };
      return await startEmbeddedBroker({ folder: files.folder, listen });
    },
    controller,
    forHosts: () => brokerForHosts(controller()),
    certificateAt: async (now) => {
      const { uid, gid } = await stat(files.folder);
      return { host, files, owner: { uid, gid }, now };
    },
    [Symbol.asyncDispose]: async () => {
      await stopEmbeddedBroker({ folder: files.folder });
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}
