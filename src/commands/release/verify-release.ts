import { resolve } from 'node:path';
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { RejectedError } from '../../core/errors.ts';
import { checkRelease, releaseFileAt } from '../../fleet/release-files.ts';
import { readTrustFile } from '../../fleet/trust-on-disk.ts';
import { writeJson } from '../../terminal/json.ts';
import { writeTable } from '../../terminal/table.ts';
import { openRelease, openTrustedRelease, type OpenedRelease } from '../../trust/release.ts';
import type { Cli } from '../context.ts';
import { sharedFlags } from '../flags.ts';
import { loadFleetConfig } from '../open-fleet.ts';

export type VerifyReleaseFlags = { readonly file: string; readonly publicKey: string | null };

/** Shows what was released and whether what is here is that. */
export async function verifyRelease(cli: Cli, command: CommandUnknownOpts, flags: VerifyReleaseFlags): Promise<void> {
  const file = await releaseFileAt(resolve(cli.cwd, flags.file));
  const open = await opener(cli, command, flags.publicKey);
  const { release, signedBy, files } = await checkRelease(file, open);
  if (sharedFlags(command).json) writeJson(cli.stdout, { file, key: signedBy, release, files });
  else {
    writeTable(cli.stdout, { head: ['FILE', 'HERE'], rows: files.map(({ name, found }) => [name, found]) });
    cli.stdout.write(`\nrelease ${release.version}, signed with ${signedBy}\n`);
  }
  const others = files.filter(({ found }) => found === 'another').map(({ name }) => name);
  if (others.length === 0) return;
  throw new RejectedError('RELEASE_INVALID', `not as released: ${others.join(', ')}`, {
    hint: 'take the files from where the release was made',
  });
}

async function opener(
  cli: Cli,
  command: CommandUnknownOpts,
  publicKey: string | null,
): Promise<(text: string) => OpenedRelease> {
  if (publicKey !== null) return (text) => openRelease(text, [publicKey]);
  const { trust } = await readTrustFile(await loadFleetConfig(cli, command), cli.clock.now());
  return (text) => openTrustedRelease(text, trust, cli.clock.now());
}
