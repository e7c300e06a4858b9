import { existsSync } from 'node:fs';
import { open, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseFleet } from '../config/parse-config.ts';
import type { Environment } from '../config/read-broker.ts';
import { renderStartingFile } from '../config/starting-file.ts';
import { ConfigError, messageOf } from '../core/errors.ts';
import type { FleetName, HostName } from '../core/names.ts';
import { quoteWord } from '../core/quote-word.ts';
import { syncFolder } from '../host/durable-file.ts';
import { makeFolder } from '../host/make-folder.ts';
import { makeSigningKey } from '../trust/key.ts';
import { writeSigningKey } from '../trust/key-file.ts';

export type NewFleet = {
  /** Absolute path of the celeroot.yaml to write; its folder is made when it is not there. */
  readonly file: string;
  readonly fleet: FleetName;
  /** Null for the embedded Redis. */
  readonly brokerUrl: string | null;
  /** A first host, of role `server`. */
  readonly host: HostName | null;
};

export type MadeFleet = { readonly file: string; readonly keyFile: string; readonly signer: string };

/**
 * Writes a starting configuration and the key that its hosts will obey, both readable by their owner only. Nothing is
 * overwritten, and neither file is left without the other.
 * @throws ConfigError CONFIG_EXISTS, CONFIG_INVALID or CONFIG_NOT_WRITABLE.
 */
export async function makeFleet({ file, fleet, brokerUrl, host }: NewFleet, env: Environment): Promise<MadeFleet> {
  const key = makeSigningKey();
  const keyFile = join(dirname(file), 'celeroot.key');
  const text = renderStartingFile({ fleet, signer: key.id, brokerUrl, host });
  parseFleet({ file, text }, env);
  refuseToOverwrite(file);
  await guarded(file, () => makeFolder(dirname(file)));
  // The key comes first, so that a crash between the two leaves no configuration whose key is missing.
  await writeSigningKey(keyFile, key);
  try {
    await guarded(file, () => writeNew(file, text));
  } catch (error) {
    await unlink(keyFile);
    throw error;
  }
  return { file, keyFile, signer: key.id };
}

function refuseToOverwrite(file: string): void {
  if (!existsSync(file)) return;
  throw new ConfigError('CONFIG_EXISTS', `${file} is already there`, {
    hint: 'look at it with: celeroot config show; or name another with --config FILE',
  });
}

async function writeNew(file: string, text: string): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } catch (error) {
    await unlink(file);
    throw error;
  } finally {
    await handle.close();
  }
  await syncFolder(dirname(file));
}

async function guarded(file: string, write: () => Promise<unknown>): Promise<void> {
  try {
    await write();
  } catch (error) {
    throw new ConfigError('CONFIG_NOT_WRITABLE', `cannot write ${file}: ${messageOf(error)}`, {
      hint: `look with: ls -ld ${quoteWord(dirname(file))}`,
      cause: error,
    });
  }
}
