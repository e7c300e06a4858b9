import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import * as z from 'zod';
import { renderJsonSchema } from '../../src/config/reference.ts';
import { taskAllowed, TASKS } from '../../src/tasks/registry.ts';
import { readSigningKey } from '../../src/trust/key-file.ts';
import { runCli, type CliResult } from '../support/cli.ts';
import { type FleetFolder, makeFleetFolder } from '../support/fleet-folder.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

let folder: FleetFolder;
beforeEach(async () => {
  folder = await makeFleetFolder({ joined: false, broker: '{ url: "redis://ops:hunter2@10.0.0.1/3" }' });
});
afterEach(() => folder[Symbol.asyncDispose]());

async function run(...args: readonly string[]): Promise<CliResult> {
  return await runCli(args, { cwd: folder.path });
}

test('config show prints what is in force, as a valid file and as data, without the password', async () => {
  const { stdout } = await run('config', 'show');
  const data = await run('config', 'show', '--json');

  assert.match(stdout, /\n {2}url: redis:\/\/10\.0\.0\.1:6379\/3\n {2}user: ops\n {2}password: "\[redacted\]"\n/);
  assert.match(
    stdout,
    /\n {2}db:\n {4}queues: \[db\]\n {4}concurrency: 4\n {4}tasks: \[apt\.\*\]\n {4}exclude: \[\]\n/,
  );
  assert.match(stdout, /\n {2}web1:\n {4}address: web1\n {4}roles: \[webserver\]\n/);
  assert.doesNotMatch(stdout + data.stdout, /hunter2/);
  const copy = join(folder.path, 'shown.yaml');
  await writeFile(copy, stdout);
  assert.equal((await run('config', 'validate', '--config', copy)).code, 0);
  const schema = z.strictObject({ file: z.literal(folder.file), config: z.looseObject({ fleet: z.literal('test') }) });
  schema.parse(JSON.parse(data.stdout));
});

test('config validate says that a file is valid, and warns of tasks nobody knows', async () => {
  const text = await readFile(folder.file, 'utf8');
  await writeFile(folder.file, text.replace('"apt.*"', '"apt.*", apt.instal'));

  const plain = await run('config', 'validate');
  const data = await run('config', 'validate', '--json');

  assert.equal(plain.stdout, 'celeroot.yaml is valid (roles: 2; hosts: 3)\n');
  assert.match(
    plain.stderr,
    /^warning: roles\/db\/tasks: no task is called apt\.instal; did you mean apt\.install\?\n$/,
  );
  const schema = z.strictObject({
    file: z.string(),
    valid: z.literal(true),
    roles: z.literal(2),
    hosts: z.literal(3),
    warnings: z.array(z.string()).length(1),
  });
  schema.parse(JSON.parse(data.stdout));
});

test('config schema and config explain print the reference', async () => {
  assert.equal((await run('config', 'schema')).stdout, renderJsonSchema());
  assert.match((await run('config', 'explain')).stdout, /^### The whole file\n/);
  const { stdout } = await run('config', 'explain', 'hosts/web1/address', '--json');
  assert.match(
    z.strictObject({ path: z.string(), text: z.string() }).parse(JSON.parse(stdout)).text,
    /`address`: text/,
  );
  const unknown = await run('config', 'explain', 'roles/web/taks');
  assert.equal(unknown.code, 2);
  assert.match(
    unknown.stderr,
    /there is nothing called roles\/web\/taks in celeroot\.yaml\nhint: did you mean tasks\?/,
  );
});

/** An administrator's slip: the file's bytes (null: keep), and what the error says. */
const BAD_FILES: readonly (readonly [what: string, bytes: (text: string) => string | Uint8Array, error: RegExp])[] = [
  ['a tab', (text) => text.replace('  db:', '\tdb:'), /celeroot\.yaml:7:1: a tab cannot indent; use spaces\n/],
  ['a duplicate key', (text) => `${text}  db1: { roles: [db] }\n`, /celeroot\.yaml:12:3: hosts\/db1: is given twice/],
  [
    'an unknown key',
    (text) => `${text}host: {}\n`,
    /celeroot\.yaml:12:1: host: is not known here; did you mean hosts\?/,
  ],
  ['an alias to nothing', (text) => text.replace('[db]', '*none'), /hosts\/db1\/roles: there is no anchor &none above/],
  [
    'a host named like a subcommand',
    (text) => text.replace('db1:', 'edit:'),
    /hosts\/edit: this is a word of the command line/,
  ],
  [
    'a role that is not there',
    (text) => text.replace('[db]', '[bd]'),
    /hosts\/db1\/roles\/0: there is no role bd; did you mean db\?/,
  ],
  [
    'over 10 MB',
    (text) => text + '#'.repeat(10 * 1024 * 1024),
    /error\[CONFIG_UNREADABLE\]: .*celeroot\.yaml has \d+ bytes/,
  ],
  [
    'Latin-1',
    (text) => Buffer.from(`${text}# caf\xe9\n`, 'latin1'),
    /error\[CONFIG_UNREADABLE\]: .*is not UTF-8 text, from byte/,
  ],
  ['nothing', () => '', /celeroot\.yaml:1:1: the file says nothing; celeroot init writes one/],
];

for (const [what, bytes, error] of BAD_FILES) {
  test(`every command refuses a file with ${what} alike, with its place and no password`, async () => {
    await writeFile(folder.file, bytes(await readFile(folder.file, 'utf8')));
    const before = await readFile(folder.file);

    for (const line of [
      'config validate',
      'hosts ls',
      'hosts rm web1 --yes',
      'system ping --all',
      'worker --host db1',
    ]) {
      const { code, stdout, stderr } = await run(...line.split(' '));
      assert.match(stderr, error, line);
      assert.doesNotMatch(stderr, /hunter2|\n {4}at /);
      assert.deepEqual([code, stdout], [3, ''], line);
    }
    assert.deepEqual(await readFile(folder.file), before);
    const files = ['celeroot.key', 'celeroot.root.key', 'celeroot.trust', 'celeroot.yaml'];
    assert.deepEqual((await readdir(folder.path)).toSorted(), files);
  });
}

test('a folder, a missing file and a link in a circle are refused', async () => {
  const circle = join(folder.path, 'circle.yaml');
  await symlink(circle, circle);

  for (const [file, error] of [
    [folder.path, /^error\[CONFIG_UNREADABLE\]: .* is a folder\n/],
    ['none.yaml', /^error\[CONFIG_NOT_FOUND\]: .*none\.yaml does not exist\n/],
    [circle, /^error\[CONFIG_UNREADABLE\]: .* is a symbolic link that leads in a circle\n/],
  ] as const) {
    const { code, stderr } = await run('config', 'validate', '--config', file);
    assert.equal(code, 3);
    assert.match(stderr, error);
  }
});

test('all problems of a file are data with --json', async () => {
  const text = await readFile(folder.file, 'utf8');
  await writeFile(folder.file, text.replace('version: 1', 'version: 2').replace('[db]', '[]'));

  const { stderr } = await run('config', 'validate', '--json');

  const problem = z.strictObject({ line: z.int(), column: z.int(), path: z.string(), message: z.string() });
  const details = z.strictObject({ file: z.string(), problems: z.array(problem) });
  const { error } = z.strictObject({ error: z.looseObject({ details }) }).parse(JSON.parse(stderr));
  assert.deepEqual(
    error.details.problems.map(({ line, path }) => [line, path]),
    [
      [1, 'version'],
      [11, 'hosts/db1/roles'],
    ],
  );
});

/** An editor: a program that is given the file's name. */
async function editor(script: string): Promise<Record<string, string>> {
  const program = join(folder.path, 'editor.sh');
  await writeFile(program, `#!/bin/sh\nset -eu\n${script}\n`);
  await chmod(program, 0o755);
  return { PATH: process.env['PATH'] ?? '', EDITOR: program };
}

/** What the copy holds that an error names; removes it. */
async function takeCopy(stderr: string): Promise<string> {
  const copy = /what you typed is in (\S+)/.exec(stderr)?.[1] ?? '';
  const text = await readFile(copy, 'utf8');
  await rm(dirname(copy), { recursive: true });
  return text;
}

test('config edit takes a valid edit over', async () => {
  const env = await editor('test "$(stat -c %a "$1")" = 600; echo "# by hand" >> "$1"');
  const before = await readFile(folder.file, 'utf8');

  const { code, stdout } = await runCli(['config', 'edit'], { cwd: folder.path, env });

  assert.deepEqual([code, stdout], [0, 'wrote celeroot.yaml\n']);
  assert.equal(await readFile(folder.file, 'utf8'), `${before}# by hand\n`);
});

test('config edit offers to go on after a mistake, and the next try counts', async () => {
  const env = await editor(
    'if grep -q "^x:" "$1"; then sed -i "/^x:/d" "$1"; echo "# mended" >> "$1"; else echo "x: 1" >> "$1"; fi',
  );
  const asked: string[] = [];
  const confirm = (question: string): Promise<boolean> => Promise.resolve(asked.push(question) > 0);

  const { code, stderr } = await runCli(['config', 'edit', '--json'], { cwd: folder.path, env, confirm });

  assert.equal(code, 0);
  assert.deepEqual(asked, ['Go on editing?']);
  assert.match(stderr, /celeroot\.yaml:12:1: x: is not known here/);
  assert.match(await readFile(folder.file, 'utf8'), /# mended\n$/);
});

test('config edit of what stays invalid keeps the copy and leaves the file', async () => {
  const env = await editor('echo "x: 1" >> "$1"');
  const before = await readFile(folder.file, 'utf8');

  const { code, stderr } = await runCli(['config', 'edit'], { cwd: folder.path, env });

  assert.equal(code, 3);
  assert.equal(await readFile(folder.file, 'utf8'), before);
  assert.equal(await takeCopy(stderr), `${before}x: 1\n`);
});

test('config edit does nothing when nothing changed, the editor fails or is not there', async () => {
  const before = await readFile(folder.file, 'utf8');
  const results: [number, RegExp, Record<string, string>][] = [
    [0, /^nothing was changed\n$/, await editor('true')],
    [1, /error\[COMMAND_FAILED\]/, { PATH: process.env['PATH'] ?? '', EDITOR: 'false' }],
    [
      1,
      /error\[MISSING_PROGRAM\]: the editor no-such-editor is not installed\nhint: .*EDITOR=nano/,
      { VISUAL: 'no-such-editor --wait' },
    ],
  ];

  for (const [code, said, env] of results) {
    const result = await runCli(['config', 'edit'], { cwd: folder.path, env });
    assert.equal(result.code, code);
    assert.match(result.stdout + result.stderr, said);
  }
  assert.equal(await readFile(folder.file, 'utf8'), before);
});

test('an editor that takes the copy away has changed nothing, and no file is named that is not there', async () => {
  const env = await editor('rm "$1"');

  const { code, stderr } = await runCli(['config', 'edit'], { cwd: folder.path, env });

  assert.equal(code, 3);
  assert.equal(stderr, `error[CONFIG_NOT_FOUND]: the editor left no file behind\nhint: ${folder.file} is as it was\n`);
});

test('a file that another program changed during config edit is not overwritten', async () => {
  const env = await editor(`echo "# mine" >> "$1"; echo "# theirs" >> ${folder.file}`);

  const { code, stderr } = await runCli(['config', 'edit'], { cwd: folder.path, env });

  assert.equal(code, 3);
  assert.match(stderr, /^error\[CONFIG_CHANGED\]: .* was changed by another program meanwhile; nothing is written\n/);
  assert.match(await readFile(folder.file, 'utf8'), /# theirs\n$/);
  assert.match(await takeCopy(stderr), /# mine\n$/);
});

test('init writes a valid file and a key that only its owner reads, and overwrites neither', async () => {
  await using empty = await temporaryFolder();
  const file = join(empty.path, 'etc', 'celeroot.yaml');
  const line = ['init', '--fleet', 'alpha', '--broker', 'rediss://redis.example.org', '--config', file, '--json'];

  const made = await runCli(line, { cwd: empty.path });
  const again = await runCli(line, { cwd: empty.path });

  const names = { file: z.literal(file), keyFile: z.string(), rootKeyFile: z.string(), trustFile: z.string() };
  const { keyFile, rootKeyFile, root } = z.strictObject({ ...names, root: z.string() }).parse(JSON.parse(made.stdout));
  for (const secret of [file, keyFile, rootKeyFile]) assert.equal((await stat(secret)).mode & 0o777, 0o600);
  assert.equal((await readSigningKey(rootKeyFile)).id, root);
  assert.match(await readFile(file, 'utf8'), /\nfleet: alpha\n[^]*\n {2}url: rediss:\/\/redis\.example\.org\n/);
  assert.equal((await runCli(['config', 'validate', '--config', file], { cwd: empty.path })).code, 0);
  assert.equal(again.code, 3);
  assert.match(again.stderr, /"code":"CONFIG_EXISTS"/);
});

test('a role that init writes lets its hosts do all there is', async () => {
  await using empty = await temporaryFolder();
  await runCli(['init'], { cwd: empty.path });

  const { stdout } = await runCli(['roles', 'show', 'server', '--json'], { cwd: empty.path });

  const { role } = z.object({ role: z.object({ tasks: z.array(z.string()) }) }).parse(JSON.parse(stdout));
  assert.deepEqual(
    TASKS.filter(({ name }) => !taskAllowed(name, role.tasks)),
    [],
  );
});

test('init that cannot go through leaves nothing', async () => {
  await using empty = await temporaryFolder();
  await mkdir(join(empty.path, 'keyed'));
  await writeFile(join(empty.path, 'keyed', 'celeroot.key'), 'precious');

  for (const [line, code, error] of [
    ['init --broker http://u:hunter2@h', 2, /^error\[USAGE\]: --broker: expected redis:\/\/host:port, rediss/],
    ['init --broker redis://ops@h', 2, /^error\[USAGE\]: --broker: user needs a password\n/],
    ['init --fleet My_Fleet', 2, /--fleet: expected 1 to 63 lower-case/],
    ['init --config keyed/celeroot.yaml', 3, /^error\[CONFIG_EXISTS\]: .*celeroot\.key is already there/],
    ['init --config keyed/celeroot.key/celeroot.yaml', 3, /^error\[CONFIG_NOT_WRITABLE\]/],
  ] as const) {
    const result = await runCli(line.split(' '), { cwd: empty.path });
    assert.match(result.stderr, error);
    assert.doesNotMatch(result.stderr, /hunter2/);
    assert.equal(result.code, code);
  }
  assert.deepEqual(await readdir(empty.path), ['keyed']);
  assert.deepEqual(await readdir(join(empty.path, 'keyed')), ['celeroot.key']);
});
