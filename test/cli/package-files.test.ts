import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { renderDebianChangelog } from '../../scripts/build/changelog.ts';
import { commandTree, withDescendants } from '../../scripts/build/command-tree.ts';
import { renderBashCompletion } from '../../scripts/build/completions/bash.ts';
import { renderFishCompletion } from '../../scripts/build/completions/fish.ts';
import { renderZshCompletion } from '../../scripts/build/completions/zsh.ts';
import { documentation, DOCUMENTATION } from '../../scripts/build/documentation.ts';
import { renderManPage } from '../../scripts/build/man-page.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const tree = await commandTree();
const made = { version: '1.2.3', time: 1_700_000_000 };

/** Answers what the completion asks of celeroot itself. */
const CELEROOT = `#!/bin/sh
echo "version: 1
roles:
  web-1:
    tasks: [apt.*]
  db:
    tasks: []
hosts:
  $(basename "$CELEROOT_CONFIG" .yaml):
    roles: [db]
  web2.example.org:
    roles: []
schedules:
  nightly:
    task: apt.upgrade"
`;

/** What bash offers for the last of the words, with a celeroot first on PATH that knows some hosts. */
async function completed(...words: readonly string[]): Promise<readonly string[]> {
  await using folder = await temporaryFolder();
  const bin = join(folder.path, 'bin');
  await mkdir(bin);
  await writeFile(join(bin, 'celeroot'), CELEROOT);
  await chmod(join(bin, 'celeroot'), 0o755);
  await writeFile(join(folder.path, 'completion'), renderBashCompletion(tree));
  const script = `
source ./completion
compopt() { :; }
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_celeroot
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const env = { PATH: `${bin}:/usr/bin:/bin`, CELEROOT_CONFIG: 'web1.yaml' };
  const stdout = execFileSync('bash', ['--norc', '-c', script, 'bash', ...words], {
    cwd: folder.path,
    env,
    encoding: 'utf8',
  });
  return stdout.split('\n').filter((line) => line !== '');
}

test('bash completes commands, options, hosts, roles and tasks', async () => {
  assert.deepEqual(await completed('celeroot', 'ru'), ['run', 'runs']);
  assert.deepEqual(await completed('celeroot', '--json', 'hosts', 's'), ['show']);
  assert.deepEqual(await completed('celeroot', 'hosts', 'show', ''), ['web1', 'web2.example.org']);
  assert.deepEqual(await completed('celeroot', 'schedules', 'pause', ''), ['nightly']);
  assert.deepEqual(await completed('celeroot', '--config', 'other.yaml', 'hosts', 'show', ''), [
    'other',
    'web2.example.org',
  ]);
  assert.deepEqual(await completed('celeroot', 'apt', 'update', '--role', ''), ['web-1', 'db']);
  assert.deepEqual(await completed('celeroot', 'apt', 'update', '--dea'), ['--deadline']);
  assert.deepEqual(await completed('celeroot', 'tasks', 'show', 'system.p'), ['system.ping']);
});

test('bash offers nothing where only the user knows what to type', async () => {
  assert.deepEqual(await completed('celeroot', 'apt', 'update', '--deadline', ''), []);
  assert.deepEqual(await completed('celeroot', 'hosts', 'add', ''), []);
});

test('every command and option is in the completions of all shells', () => {
  const commands = withDescendants(tree).slice(1);
  const texts = [renderBashCompletion(tree), renderZshCompletion(tree), renderFishCompletion(tree)];

  for (const { path, options } of commands) {
    for (const text of texts) assert.ok(text.includes(path), path);
    for (const name of options.flatMap(({ names }) => names)) {
      const long = name.replace(/^-+/, '');
      for (const text of texts) assert.ok(text.includes(long), `${path} ${name}`);
    }
  }
});

test('the manual page has every command with its options, and plain text only', () => {
  const page = renderManPage(tree, made);

  for (const { path, options, children } of withDescendants(tree)) {
    if (children.length > 0 || path.startsWith('celeroot run ')) continue;
    assert.ok(page.includes(`.SS ${path.replaceAll('-', '\\-')} `), path);
    for (const { term } of options) assert.ok(page.includes(`.B ${term.replaceAll('-', '\\-')}`), `${path} ${term}`);
  }
  assert.match(page, /^\.TH CELEROOT 1 "2023-11-14" "celeroot 1\.2\.3"/);
  assert.match(page, /^[\n\x20-\x7e]*$/);
});

test('what the package’s pages and its example name is in the package, and so is what hints name', async () => {
  const root = join(import.meta.dirname, '../..');
  const files = documentation(root);

  const pages = [...files].filter(([path]) => path.endsWith('.md'));
  const links = pages.flatMap(([path, text]) =>
    [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, target = '']) => join(dirname(path), target)),
  );
  const sources = await Promise.all(
    globSync('src/**/*.ts', { cwd: root }).map((file) => readFile(join(root, file), 'utf8')),
  );
  const named = [files.get(`${DOCUMENTATION}/examples/celeroot.yaml`) ?? '', ...sources].flatMap((text) =>
    [...text.matchAll(/\/(usr\/share\/doc\/celeroot\/[\w/.-]*\w)/g)].map(([, path = '']) => path),
  );

  assert.ok(links.length > 20 && named.length > 4);
  assert.deepEqual(
    [...links, ...named].filter((path) => !files.has(path)),
    [],
  );
});

test('the changelog has what is said of the version, else of what is pending', () => {
  const markdown = '# Changelog\n\n## Pending\n\n- One thing\n  on two lines.\n- Another.\n\n## 1.2.2\n\n- Old.\n';

  assert.equal(
    renderDebianChangelog(markdown, made),
    `celeroot (1.2.3) unstable; urgency=medium

  * One thing on two lines.
  * Another.

 -- celeroot maintainers <maintainers@celeroot.example>  Tue, 14 Nov 2023 22:13:20 +0000
`,
  );
  assert.match(renderDebianChangelog(markdown, { ...made, version: '1.2.2' }), /\n {2}\* Old\.\n/);
  assert.throws(() => renderDebianChangelog('# Changelog\n', made), { code: 'COMMAND_FAILED' });
});
