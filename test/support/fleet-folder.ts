import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fleetNameSchema } from '../../src/core/names.ts';
import { writeKeys } from '../../src/fleet/write-keys.ts';

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
  await writeFile(file, fleetText(root, options));
  return {
    path,
    file,
    root,
    [Symbol.asyncDispose]: async () => await rm(path, { recursive: true, force: true }),
  };
}

function fleetText(root: string, options: FleetFolderOptions): string {
  const { broker = '{ url: "redis://127.0.0.1:1" }', hosts = WEB_AND_DB } = options;
  const { roles = '  webserver: { description: Public web tier }\n  db: { tasks: ["apt.*"] }\n' } = options;
  return `version: 1\nfleet: test\nroots: ["${root}"]\nbroker: ${broker}\nroles:\n${roles}hosts:\n${hosts}`;
}
