import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommandError } from '../../src/core/errors.ts';
import type { Executable } from './single-executable.ts';

/** Debian's machine-readable copyright file; the whole texts of others' licences are in a file beside it. */
export const COPYRIGHT = `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: celeroot
Comment: The executable contains Node.js and npm packages under licences of their own:
 see third-party-licences.gz in this folder.

Files: *
Copyright: 2026 celeroot maintainers
License: Apache-2.0
 On Debian systems the full text of the Apache License, version 2.0, is in
 /usr/share/common-licenses/Apache-2.0.
`;

/** The licences of all that is inside the executable: Node with its own parts, and the bundled npm packages. */
export function thirdPartyLicences(root: string, { node, packages }: Executable): string {
  const folders = [
    ['Node.js', node] as const,
    ...packages.map((name) => [name, join(root, 'node_modules', name)] as const),
  ];
  return folders.map(([name, folder]) => `==== ${name}\n\n${licenceIn(folder).trim()}\n`).join('\n\n');
}

function licenceIn(folder: string): string {
  const name = readdirSync(folder).find((file) => /^licen[cs]e/i.test(file));
  if (name !== undefined) return readFileSync(join(folder, name), 'utf8');
  throw new CommandError('COMMAND_FAILED', `${folder} has no licence file, and what is in it is to be shipped`);
}
