import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fleetNameSchema } from '../../src/core/names.ts';
import { writeKeys } from '../../src/fleet/write-keys.ts';
import { writeSigningKey } from '../../src/trust/key-file.ts';
import { makeSigningKey } from '../../src/trust/key.ts';

export type FleetFolder = AsyncDisposable & {
  readonly path: string;
  /** Its celeroot.yaml. */
  readonly file: string;
  /** Its public root key. */
  readonly root: string;
};

export type FleetFolderOptions = {
  /** The `broker:` section; a port nobody listens on by default. */
  readonly broker?: string;
  /** The lines under `roles:` and `hosts:`. */
  readonly roles?: string;
  readonly hosts?: string;
  /** Further sections. */
  readonly more?: string;
  /** Whether keys of the hosts are recorded; default true. */
  readonly joined?: boolean;
};

export const WEB_AND_DB = `  web1: { roles: [webserver] }
  web2: { roles: [webserver] }
  db1: { roles: [db] }
`;

/** A folder with a celeroot.yaml and its signing key, removed when disposed. */
export async function makeFleetFolder(options: FleetFolderOptions = {}): Promise<FleetFolder> {
  const path = await mkdtemp(join(tmpdir(), 'celeroot-fleet-'));
  const file = join(path, 'celeroot.yaml');
  const root = await writeKeys(path, fleetNameSchema.parse('test'));
  const text = fleetText(root, options);
  const fleet = options.joined === false ? text : await withKeys(path, text);
  await writeFile(file, `${fleet}${options.more ?? ''}`);
  return {
    path,
    file,
    root,
    [Symbol.asyncDispose]: async () => await rm(path, { recursive: true, force: true }),
  };
}

/** Where the private half of a host's key is, when keys are recorded. */
export function hostKeyFile(folder: string, host: string): string {
  return join(folder, 'host-keys', `${host}.key`);
}

/** Makes a key for each host that stands alone in a line. */
async function withKeys(folder: string, text: string): Promise<string> {
  await mkdir(join(folder, 'host-keys'));
  const [before = '', hosts = ''] = text.split('hosts:\n');
  const lines = await Promise.all(
    hosts.split('\n').map(async (line) => {
      const name = /^ {2}([\w.-]+): \{ /.exec(line)?.[1];
      if (name === undefined) return line;
      const key = makeSigningKey();
      await writeSigningKey(hostKeyFile(folder, name), key);
      return line.replace('{ ', `{ key: "${key.id}", `);
    }),
  );
  return `${before}hosts:\n${lines.join('\n')}`;
}

function fleetText(root: string, options: FleetFolderOptions): string {
  const { broker = '{ url: "redis://127.0.0.1:1" }', hosts = WEB_AND_DB } = options;
  const { roles = '  webserver: { description: Public web tier }\n  db: { tasks: ["apt.*"] }\n' } = options;
  return `version: 1\nfleet: test\nroots: ["${root}"]\nbroker: ${broker}\nroles:\n${roles}hosts:\n${hosts}`;
}
