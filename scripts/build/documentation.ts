import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where Debian looks for what a package says of itself. */
export const DOCUMENTATION = 'usr/share/doc/celeroot';

/** What somebody reads who runs celeroot; what is about its making stays in the repository. */
const PAGES = [
  'audit',
  'broker',
  'checks',
  'commands',
  'config',
  'exit-codes',
  'hooks',
  'joining',
  'keys',
  'operating',
  'packages',
  'policy',
  'roll-outs',
  'schedules',
  'security',
  'tasks',
] as const;

/** Text by path. The places are those of the repository, so that links from page to page lead somewhere. */
export function documentation(root: string): ReadonlyMap<string, string> {
  const read = (file: string): string => readFileSync(join(root, file), 'utf8');
  const files = ['SECURITY.md', 'celeroot.schema.json', ...PAGES.map((page) => `docs/${page}.md`)];
  return new Map([
    ...files.map((file) => [`${DOCUMENTATION}/${file}`, read(file)] as const),
    [`${DOCUMENTATION}/examples/celeroot.yaml`, installedExample(read('celeroot.example.yaml'))],
  ]);
}

/** It is copied to wherever a fleet's file shall be, so what it names has whole paths. */
function installedExample(text: string): string {
  return text.replaceAll('./celeroot.schema.json', `/${DOCUMENTATION}/celeroot.schema.json`).replaceAll(
    /\bdocs\/(?=[\w-]+\.md)/g,
    `/${DOCUMENTATION}/docs/`,
  );
}
