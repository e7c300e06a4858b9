import { statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { ConfigError, messageOf, UsageError } from '../../core/errors.ts';
import { describeFiles, RELEASE_FILE } from '../../fleet/release-files.ts';
import { readTrustFile } from '../../fleet/trust-on-disk.ts';
import { writeDurably } from '../../host/durable-file.ts';
import { writeWarning } from '../../terminal/error.ts';
import { writeJson } from '../../terminal/json.ts';
import { writeTable } from '../../terminal/table.ts';
import { readSigningKey } from '../../trust/key-file.ts';
import { checkReleaseKey, releaseSchema, sealRelease, wantsReleases } from '../../trust/release.ts';
import type { Cli } from '../context.ts';
import { sharedFlags } from '../flags.ts';
import { loadFleetConfig } from '../open-fleet.ts';

export type SignReleaseFlags = { readonly paths: readonly string[]; readonly key: string; readonly version: string };

/** Signs what was built. */
export async function signRelease(cli: Cli, command: CommandUnknownOpts, flags: SignReleaseFlags): Promise<void> {
  const paths = flags.paths.map((path) => resolve(cli.cwd, path));
  const key = await readSigningKey(resolve(cli.cwd, flags.key), '`--key`');
  const files = await describeFiles(paths);
  const parsed = releaseSchema.safeParse({ version: flags.version, signedAt: cli.clock.now(), files });
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new UsageError('USAGE', `${issue?.path.join('/') ?? ''}: ${issue?.message ?? 'is not allowed'}`, {
      hint: 'see  celeroot release sign --help',
    });
  }
  const file = join(folderOf(paths[0] ?? '.'), RELEASE_FILE);
  await writeDurably(file, `${sealRelease(parsed.data, key)}\n`, { mode: 0o644 }).catch((error: unknown) => {
    throw new ConfigError('CONFIG_NOT_WRITABLE', `cannot write ${file}: ${messageOf(error)}`, {
      hint: 'nothing was signed',
    });
  });
  const refusal = await whyNotTaken(cli, command, key.id);
  if (refusal !== null) writeWarning(cli.stderr, `hosts join takes no release of this key: ${refusal}`, HOW_TO_ADD);
  if (sharedFlags(command).json) return writeJson(cli.stdout, { file, key: key.id, release: parsed.data });
  writeTable(cli.stdout, {
    head: ['FILE', 'BYTES', 'SHA256'],
    rows: files.map((each) => [each.name, String(each.size), each.sha256]),
  });
  cli.stdout.write(`\nwrote ${file}: release ${flags.version}, signed with ${key.id}\n`);
}

const HOW_TO_ADD = 'make one that counts:  celeroot keys add builds --kind release --out release.key';

/** What the trust file has against the key; null for nothing, and where there is none: packages may be built elsewhere. */
async function whyNotTaken(cli: Cli, command: CommandUnknownOpts, key: string): Promise<string | null> {
  try {
    const now = cli.clock.now();
    const { trust } = await readTrustFile(await loadFleetConfig(cli, command), now);
    const refused = checkReleaseKey(trust, key, now);
    // Where there are no release keys, hosts join looks at no release.
    return refused?.code === 'UNKNOWN_KEY' && !wantsReleases(trust) ? null : (refused?.message ?? null);
  } catch (error) {
    if (error instanceof ConfigError) return null;
    throw error;
  }
}

function folderOf(path: string): string {
  return statSync(path).isDirectory() ? path : dirname(path);
}
