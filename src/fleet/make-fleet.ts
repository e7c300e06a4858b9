import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseFleet } from '../config/parse-config.ts';
import type { Environment } from '../config/read-broker.ts';
import { renderStartingFile, type StartingFleet } from '../config/starting-file.ts';
import type { Clock } from '../core/clock.ts';
import { CelerootError, ConfigError, messageOf } from '../core/errors.ts';
import type { FleetName } from '../core/names.ts';
import { quoteWord } from '../core/quote-word.ts';
import { makeFolder } from '../host/make-folder.ts';
import { makeSigningKey } from '../trust/key.ts';
import { KEY_FILES, removeKeys, writeKeys, writeNew } from './write-keys.ts';

export type NewFleet = {
  /** Absolute path of the celeroot.yaml to write; its folder is made when it is not there. */
  readonly file: string;
  readonly fleet: FleetName;
  /** Null for the embedded Redis. */
  readonly brokerUrl: string | null;
  /** A first host, of role `server`, and its public key. */
  readonly host: StartingFleet['host'];
};

export type MadeFleet = {
  readonly file: string;
  /** Of the key that signs orders, of the trust file that names it, and of the root key that signs that. */
  readonly keyFile: string;
  readonly trustFile: string;
  readonly rootKeyFile: string;
  /** The public root key, which hosts pin. */
  readonly root: string;
};

/**
 * Writes a starting configuration, its keys and its trust file; what is private is readable by its owner only. Nothing
 * is overwritten, and no file is left without the others.
 * @throws ConfigError CONFIG_EXISTS, CONFIG_INVALID or CONFIG_NOT_WRITABLE.
 */
export async function makeFleet(
  { file, fleet, brokerUrl, host }: NewFleet,
  { env, clock }: { readonly env: Environment; readonly clock: Clock },
): Promise<MadeFleet> {
  const render = (root: string): string => renderStartingFile({ fleet, root, brokerUrl, host });
  parseFleet({ file, text: render(makeSigningKey().id) }, env);
  refuseToOverwrite(file);
  const folder = dirname(file);
  await guarded(file, () => makeFolder(folder));
  // The configuration comes last, so that a crash leaves none that names what is missing.
  const root = await guarded(file, async () => await writeKeys(folder, fleet, clock.now()));
  try {
    await guarded(file, async () => await writeNew(file, render(root), 0o600));
  } catch (error) {
    await removeKeys(folder);
    throw error;
  }
  return {
    file,
    keyFile: join(folder, KEY_FILES.operator),
    trustFile: join(folder, KEY_FILES.trust),
    rootKeyFile: join(folder, KEY_FILES.root),
    root,
  };
}

function refuseToOverwrite(file: string): void {
  if (!existsSync(file)) return;
  throw new ConfigError('CONFIG_EXISTS', `${file} is already there`, {
    hint: 'look at it with: celeroot config show; or name another with --config FILE',
  });
}

async function guarded<T>(file: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (error instanceof CelerootError) throw error;
    throw new ConfigError('CONFIG_NOT_WRITABLE', `cannot write ${file}: ${messageOf(error)}`, {
      hint: `look with: ls -ld ${quoteWord(dirname(file))}`,
      cause: error,
    });
  }
}
