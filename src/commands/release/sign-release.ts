import { statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { ConfigError, messageOf, UsageError } from '../../core/errors.ts';
import { describeFiles, RELEASE_FILE } from '../../fleet/release-files.ts';
import { writeDurably } from '../../host/durable-file.ts';
import { writeJson } from '../../terminal/json.ts';
import { writeTable } from '../../terminal/table.ts';
import { readSigningKey } from '../../trust/key-file.ts';
import { releaseSchema, sealRelease } from '../../trust/release.ts';
import type { Cli } from '../context.ts';
import { sharedFlags } from '../flags.ts';

export type SignReleaseFlags = { readonly paths: readonly string[]; readonly key: string; readonly version: string };

/** Signs what was built. */
export async function signRelease(cli: Cli, command: CommandUnknownOpts, flags: SignReleaseFlags): Promise<void> {
  const paths = flags.paths.map((path) => resolve(cli.cwd, path));
  const key = await readSigningKey(resolve(cli.cwd, flags.key));
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
  if (sharedFlags(command).json) return writeJson(cli.stdout, { file, key: key.id, release: parsed.data });
  writeTable(cli.stdout, {
    head: ['FILE', 'BYTES', 'SHA256'],
    rows: files.map((each) => [each.name, String(each.size), each.sha256]),
  });
  cli.stdout.write(`\nwrote ${file}: release ${flags.version}, signed with ${key.id}\n`);
}

function folderOf(path: string): string {
  return statSync(path).isDirectory() ? path : dirname(path);
}
