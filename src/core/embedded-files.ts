import { join } from 'node:path';

/** Where the embedded Redis of this machine and what belongs to it are. */
export type EmbeddedFiles = {
  /** Redis' own folder: its data, and what it must read and write itself. Owned by the user that it runs as. */
  readonly folder: string;
  readonly socket: string;
  /** Its certificate and the key of that, as Redis reads them. */
  readonly certificateInUse: string;
  /** Its users; Redis writes it too. */
  readonly users: string;
  /** Beside the folder and out of Redis' reach. */
  readonly log: string;
  readonly lock: string;
  /** What was started. */
  readonly record: string;
  /** What it was started to listen at. */
  readonly listening: string;
  /** The folder of what celeroot makes once for a Redis that listens: its own certificate authority, and a password. */
  readonly access: string;
  /** The controller's. */
  readonly password: string;
  readonly authorityKey: string;
  readonly authorityCertificate: string;
  /** The newest certificate that Redis was given, and its key. */
  readonly certificate: string;
};

/** The folder of this machine's embedded Redis, in the state folder. */
export function embeddedFolder(stateDir: string): string {
  return join(stateDir, 'broker');
}

export function embeddedFiles(folder: string): EmbeddedFiles {
  const access = `${folder}-access`;
  return {
    folder,
    socket: join(folder, 'redis.sock'),
    certificateInUse: join(folder, 'server.pem'),
    users: join(folder, 'users.acl'),
    log: `${folder}.log`,
    lock: `${folder}.lock`,
    record: `${folder}.json`,
    listening: `${folder}.listen`,
    access,
    password: join(access, 'controller.password'),
    authorityKey: join(access, 'ca.key'),
    authorityCertificate: join(access, 'ca.crt'),
    certificate: join(access, 'server.pem'),
  };
}
