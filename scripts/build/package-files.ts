import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { SCHEDULER_UNIT, schedulerUnit } from '../../src/host/scheduler-unit.ts';
import { WORKER_UNIT, workerUnit } from '../../src/host/worker-unit.ts';
import { renderDebianChangelog, type ChangelogOptions } from './changelog.ts';
import { commandTree } from './command-tree.ts';
import { renderBashCompletion } from './completions/bash.ts';
import { renderFishCompletion } from './completions/fish.ts';
import { renderZshCompletion } from './completions/zsh.ts';
import { documentation, DOCUMENTATION } from './documentation.ts';
import { COPYRIGHT, thirdPartyLicences } from './licences.ts';
import { renderManPage } from './man-page.ts';
import type { Executable } from './single-executable.ts';

/** A file of the package, with content or with the file that is copied; or an empty folder. Modes are octal, as usual. */
export type PackageFile = { readonly path: string; readonly mode: number } & (
  | { readonly kind: 'text'; readonly content: string | Uint8Array }
  | { readonly kind: 'copy'; readonly from: string }
  | { readonly kind: 'folder' }
);

/** All that the package installs. None of it is a conffile: what an administrator writes is in /etc/celeroot, alone. */
export async function packageFiles(
  root: string,
  executable: Executable,
  options: ChangelogOptions,
): Promise<readonly PackageFile[]> {
  const tree = await commandTree();
  const changelog = renderDebianChangelog(readFileSync(join(root, 'CHANGELOG.md'), 'utf8'), options);
  return [
    { kind: 'copy', path: 'usr/bin/celeroot', from: executable.file, mode: 0o755 },
    // Passwords and keys will be in it.
    { kind: 'folder', path: 'etc/celeroot', mode: 0o700 },
    text(`usr/lib/systemd/system/${WORKER_UNIT}`, workerUnit('/usr/bin/celeroot')),
    text(`usr/lib/systemd/system/${SCHEDULER_UNIT}`, schedulerUnit('/usr/bin/celeroot')),
    text('usr/share/man/man1/celeroot.1.gz', zipped(renderManPage(tree, options))),
    text('usr/share/bash-completion/completions/celeroot', renderBashCompletion(tree)),
    text('usr/share/zsh/vendor-completions/_celeroot', renderZshCompletion(tree)),
    text('usr/share/fish/vendor_completions.d/celeroot.fish', renderFishCompletion(tree)),
    text(`${DOCUMENTATION}/changelog.gz`, zipped(changelog)),
    text(`${DOCUMENTATION}/copyright`, COPYRIGHT),
    text(`${DOCUMENTATION}/third-party-licences.gz`, zipped(thirdPartyLicences(root, executable))),
    ...[...documentation(root)].map(([path, content]) => text(path, content)),
    text('usr/share/lintian/overrides/celeroot', LINTIAN_OVERRIDES),
  ];
}

/** What lintian says that is so on purpose, each with why. */
const LINTIAN_OVERRIDES = `# Node.js is one file with its libraries inside; it is updated as a whole, by a new celeroot.
celeroot: embedded-library *
# It is built so by the Node.js project.
celeroot: hardening-no-pie *
# Passwords and keys are in it.
celeroot: non-standard-dir-perm *
# "Nothing to do" is answered from dpkg's own file, without starting anything; it is only read.
celeroot: uses-dpkg-database-directly *
`;

function text(path: string, content: string | Uint8Array): PackageFile {
  return { kind: 'text', path, content, mode: 0o644 };
}

/** As `gzip -9n`: without a name and a time. */
function zipped(content: string): Uint8Array {
  return gzipSync(content, { level: 9 });
}
