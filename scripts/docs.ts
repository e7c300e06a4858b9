import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { renderConfigReference, renderJsonSchema } from '../src/config/reference.ts';
import { renderCommands } from './docs/render-commands.ts';
import { renderDependencies } from './docs/render-dependencies.ts';
import { renderExitCodes } from './docs/render-exit-codes.ts';
import { renderLintConfig } from './docs/render-lint-config.ts';
import { renderTasks } from './docs/render-tasks.ts';

/** `npm run docs` writes what is generated; with `--check` it only says what is stale, and fails. */
const root = `${dirname(import.meta.dirname)}/`;
const generated: Readonly<Record<string, string>> = {
  '.oxlintrc.json': renderLintConfig(),
  'celeroot.schema.json': renderJsonSchema(),
  'docs/commands.md': await renderCommands(),
  'docs/config.md': renderConfigReference(),
  'docs/dependencies.txt': renderDependencies(root),
  'docs/exit-codes.md': renderExitCodes(),
  'docs/tasks.md': renderTasks(),
};

const stale = Object.entries(generated).filter(([path, text]) => current(path) !== text);
if (process.argv.includes('--check')) {
  for (const [path] of stale) console.error(`${path} is stale; run: npm run docs`);
  process.exitCode = stale.length > 0 ? 1 : 0;
} else {
  for (const [path, text] of stale) {
    mkdirSync(dirname(`${root}${path}`), { recursive: true });
    writeFileSync(`${root}${path}`, text);
    console.log(`wrote ${path}`);
  }
}

function current(path: string): string | null {
  try {
    return readFileSync(`${root}${path}`, 'utf8');
  } catch {
    return null;
  }
}
