import { readFileSync } from 'node:fs';
import * as z from 'zod';

const lockSchema = z.object({
  packages: z.record(z.string(), z.looseObject({ version: z.string().optional(), dev: z.boolean().optional() })),
});

/** docs/dependencies.txt: every package that ships in celeroot, so that a new one shows in review. */
export function renderDependencies(root: string): string {
  const { packages } = lockSchema.parse(JSON.parse(readFileSync(`${root}package-lock.json`, 'utf8')));
  const lines = Object.entries(packages)
    .filter(([path, entry]) => path !== '' && entry.dev !== true)
    .map(([path, entry]) => `${path.replace(/^node_modules\//, '')} ${entry.version ?? ''}`);
  return `${lines.toSorted().join('\n')}\n`;
}
