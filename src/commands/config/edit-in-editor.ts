import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConfigSource, readSource } from '../../config/read-source.ts';
import { writeConfig } from '../../config/write-config.ts';
import { ConfigError } from '../../core/errors.ts';
import { runAttached } from '../../host/run-attached.ts';
import { writeError } from '../../terminal/error.ts';
import type { Cli } from '../context.ts';

/**
 * Opens a copy of a configuration file in the user's editor and writes it back once it is valid; whether anything
 * changed. What cannot be written is kept in the copy, which the error then names; an editor that fails means no.
 */
export async function editInEditor(cli: Cli, file: string): Promise<boolean> {
  const source = readSource(file);
  // The file may hold a password, so the copy is in a folder that only we can enter.
  const folder = await mkdtemp(join(tmpdir(), 'celeroot-edit-'));
  const copy = join(folder, 'celeroot.yaml');
  await writeFile(copy, source.text, { mode: 0o600 });
  try {
    const changed = await editUntilValid(cli, source, copy);
    await rm(folder, { recursive: true });
    return changed;
  } catch (error) {
    if (!(error instanceof ConfigError)) {
      await rm(folder, { recursive: true });
      throw error;
    }
    const { code, message, details, cause } = error;
    const hint = `${file} is as it was; what you typed is in ${copy}`;
    throw new ConfigError(code, message, { hint, cause, ...(details === undefined ? {} : { details }) });
  }
}

async function editUntilValid(cli: Cli, source: ConfigSource, copy: string): Promise<boolean> {
  for (;;) {
    await runAttached([...editorOf(cli), copy], cli.env, 'stderr');
    const { text } = readSource(copy);
    if (text === source.text) return false;
    try {
      await writeConfig(source, text, cli.env);
      return true;
    } catch (error) {
      const canMend = error instanceof ConfigError && error.code === 'CONFIG_INVALID' && cli.confirm !== null;
      if (!canMend || cli.confirm === null) throw error;
      writeError(cli.stderr, error, false);
      if (!(await cli.confirm('Go on editing?'))) throw error;
    }
  }
}

/** Words of the variable are program and arguments, as in `code --wait`; no shell reads them. */
function editorOf({ env }: Cli): readonly [string, ...string[]] {
  const [program = '', ...args] = (env['VISUAL'] || env['EDITOR'] || 'sensible-editor').split(' ').filter(Boolean);
  return [program, ...args];
}
