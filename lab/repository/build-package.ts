import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { run } from '../run-command.ts';
import { archiveName, type LabPackage } from './package.ts';

/** Builds one package's .deb in `folder`. */
export async function buildPackage(made: LabPackage, folder: string, machineArch: string): Promise<void> {
  const arch = made.fields['Architecture'] ?? machineArch;
  const archive = join(folder, archiveName(made, arch));
  const tree = `${archive}.tree`;
  await put(tree, { path: 'DEBIAN/control', content: control(made, arch) });
  for (const [path, content] of Object.entries(made.files)) {
    await put(tree, { path, content, executable: path.startsWith('/usr/bin/') });
  }
  for (const [script, body] of Object.entries(made.scripts)) {
    const executable = script !== 'templates';
    await put(tree, {
      path: `DEBIAN/${script}`,
      content: executable ? `#!/bin/sh\nset -e\n${body}\n` : body,
      executable,
    });
  }
  const conffiles = Object.keys(made.files).filter((path) => path.startsWith('/etc/'));
  const content = conffiles.map((path) => `${path}\n`).join('');
  if (content !== '') await put(tree, { path: 'DEBIAN/conffiles', content });
  await run(['dpkg-deb', '--build', '--root-owner-group', '-Znone', tree, archive]);
  await rm(tree, { recursive: true });
}

function control(made: LabPackage, arch: string): string {
  const fields = {
    Package: made.name,
    Version: made.version,
    Maintainer: 'The lab <lab@localhost>',
    Section: 'misc',
    Priority: 'optional',
    Description: `made for celeroot's lab, version ${made.version}`,
    ...made.fields,
    Architecture: arch,
  };
  return Object.entries(fields)
    .map(([field, value]) => `${field}: ${value}\n`)
    .join('');
}

type PackageFile = { readonly path: string; readonly content: string; readonly executable?: boolean };

async function put(tree: string, { path, content, executable = false }: PackageFile): Promise<void> {
  const file = join(tree, path);
  await mkdir(dirname(file), { recursive: true, mode: 0o755 });
  await writeFile(file, content, { mode: executable ? 0o755 : 0o644 });
}
