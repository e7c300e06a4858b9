import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { type ConfigSource, readSource } from '../../config/read-source.ts';
import { requireEditable, writeConfig } from '../../config/write-config.ts';
import { CommandError, ConfigError } from '../../core/errors.ts';
import { writeError } from '../../terminal/error.ts';
import type { Cli } from '../context.ts';
import { celerootFor } from '../edit-fleet.ts';
import { runEditor } from './run-editor.ts';

/**
 * Opens a copy of a configuration file in the user's editor and writes it back once it is valid; whether anything
 * changed. What cannot be written is kept in the copy, which the error then names; an editor that fails means no.
 */
export async function editInEditor(cli: Cli, command: CommandUnknownOpts, file: string): Promise<boolean> {
  await requireEditable(file);
  const source = readSource(file);
  // The file may hold a password, so the copy is in a folder that only we can enter.
  const folder = await mkdtemp(join(tmpdir(), 'celeroot-edit-'));
  const copy = join(folder, 'celeroot.yaml');
  await writeFile(copy, source.text, { mode: 0o600 });
  try {
    const changed = await editUntilValid(cli, { source, copy, celeroot: celerootFor(command) });
    await rm(folder, { recursive: true });
    return changed;
  } catch (error) {
    if (existsSync(copy) && (error instanceof ConfigError || isInterruption(error))) {
      throw withHint(error, `${file} is as it was; what you typed is in ${copy}`);
    }
    await rm(folder, { recursive: true });
    throw error;
  }
}

type Editing = { readonly source: ConfigSource; readonly copy: string; readonly celeroot: string };

async function editUntilValid(cli: Cli, { source, copy, celeroot }: Editing): Promise<boolean> {
  for (;;) {
    await runEditor(cli, copy);
    if (!existsSync(copy)) {
      const hint = `${source.file} is as it was`;
      throw new ConfigError('CONFIG_NOT_FOUND', 'the editor left no file behind', { hint });
    }
    const { text } = readSource(copy);
    if (text === source.text) return false;
    try {
      await writeConfig(source, text, cli.env);
      return true;
    } catch (error) {
      const canMend = error instanceof ConfigError && error.code === 'CONFIG_INVALID' && cli.confirm !== null;
      if (!canMend || cli.confirm === null) throw error;
      writeError(cli.stderr, error, { json: false, celeroot });
      if (!(await cli.confirm('Go on editing?'))) throw error;
    }
  }
}

function isInterruption(error: unknown): error is CommandError {
  return error instanceof CommandError && error.code === 'INTERRUPTED';
}

function withHint(error: ConfigError | CommandError, hint: string): ConfigError | CommandError {
  const { code, message, cause, details } = error;
  const options = { hint, cause, ...(details === undefined ? {} : { details }) };
  return error instanceof ConfigError
    ? new ConfigError(code, message, options)
    : new CommandError(code, message, options);
}
