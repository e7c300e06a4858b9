import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, test } from 'node:test';
import { quoteWord } from '../../src/core/quote-word.ts';
import { type FleetFolder, makeFleetFolder } from '../support/fleet-folder.ts';
import { CELEROOT } from '../support/worker.ts';

let folder: FleetFolder;
beforeEach(async () => {
  folder = await makeFleetFolder();
});
afterEach(() => folder[Symbol.asyncDispose]());

type Said = { readonly code: unknown; readonly stdout: string; readonly stderr: string };

/** Runs a shell script in which `celeroot` is ours; one that does not end is killed, and fails the test. */
async function shell(script: string, env: Readonly<Record<string, string>> = {}): Promise<Said> {
  const child = spawn('bash', ['-c', `celeroot() { ${CELEROOT.map(quoteWord).join(' ')} "$@"; }; ${script}`], {
    cwd: folder.path,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 30_000,
    killSignal: 'SIGKILL',
  });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code, stdout, stderr };
}

test('a configuration may come through a pipe to what only reads it', async () => {
  for (const script of [
    'celeroot config validate --config <(sleep 0.1; cat celeroot.yaml)',
    'cat celeroot.yaml | celeroot config validate --config /dev/stdin',
    'celeroot config validate --config /dev/stdin < celeroot.yaml',
  ]) {
    const { code, stdout, stderr } = await shell(script);
    assert.deepEqual([code, stderr], [0, ''], script);
    assert.match(stdout, / is valid \(roles: 2; hosts: 3\)\n$/);
  }
});

/** What is typed, and what the one error must say. */
const REFUSED: readonly (readonly [script: string, error: RegExp])[] = [
  [
    'config validate --config /dev/zero',
    /^error\[CONFIG_UNREADABLE\]: \/dev\/zero is a device\nhint: name a regular file\n$/,
  ],
  ['config validate --config fifo', /^error\[CONFIG_UNREADABLE\]: .*fifo is a pipe into which nobody writes\n/],
  [
    'config validate --config <(yes "# and so on" | head -c 11000000)',
    /^error\[CONFIG_UNREADABLE\]: \S+ has more than 10485760 bytes; there may be at most 10485760\n/,
  ],
  [
    'hosts edit web1 --address other --config <(cat celeroot.yaml)',
    /^error\[CONFIG_NOT_WRITABLE\]: \S+ is a pipe, and only a regular file can be edited\nhint: /,
  ],
  ['config edit --config <(cat celeroot.yaml)', /^error\[CONFIG_NOT_WRITABLE\]: \S+ is a pipe/],
  [
    'init --config /proc/celeroot/celeroot.yaml',
    /^error\[CONFIG_NOT_WRITABLE\]: cannot write \/proc\/celeroot\/celeroot\.yaml: ENOENT/,
  ],
];

for (const [script, error] of REFUSED) {
  test(`celeroot ${script}: one clear error, at once`, async () => {
    execFileSync('mkfifo', [join(folder.path, 'fifo')]);

    const { code, stdout, stderr } = await shell(`celeroot ${script}`);

    assert.match(stderr, error);
    assert.deepEqual([code, stdout], [3, '']);
    assert.doesNotMatch(stderr, /\n {4}at /, 'a stack trace');
  });
}

test('a file of passwords is not read for ever either', async () => {
  await using odd = await makeFleetFolder({ broker: '{ url: redis://h, password_file: /dev/zero }' });

  const { code, stderr } = await shell(`celeroot config validate --config ${odd.file}`);

  assert.match(stderr, /: broker\/password_file: \/dev\/zero is a device\n/);
  assert.equal(code, 3);
});

/** An editor: a script that is given the file's name. */
function editor(script: string): Record<string, string> {
  const program = join(folder.path, 'editor.sh');
  writeFileSync(program, `#!/bin/sh\nset -eu\n${script}\n`);
  chmodSync(program, 0o755);
  return { EDITOR: program };
}

test('Ctrl-C and Ctrl-\\ in the editor are for the editor, and the edit is taken over', async () => {
  const env = editor('kill -INT $PPID; kill -QUIT $PPID; echo "# by hand" >> "$1"');

  const { code, stdout, stderr } = await shell('celeroot config edit', env);

  assert.deepEqual([code, stdout, stderr], [0, 'wrote celeroot.yaml\n', '']);
  assert.match(readFileSync(folder.file, 'utf8'), /# by hand\n$/);
});

test('who is told to end while the editor is open says where the edit is kept', async () => {
  for (const signal of ['TERM', 'HUP']) {
    const env = editor(`echo "# by hand" >> "$1"; kill -${signal} $PPID; exec sleep 60`);

    const { code, stderr } = await shell('celeroot config edit', env);

    const copy = /what you typed is in (\S+)\n$/.exec(stderr)?.[1] ?? '';
    assert.match(
      stderr,
      /^error\[INTERRUPTED\]: celeroot was told to end while the editor was open\nhint: \S+ is as it was; /,
    );
    assert.equal(code, 1);
    assert.match(readFileSync(copy, 'utf8'), /# by hand\n$/);
    rmSync(dirname(copy), { recursive: true });
    assert.ok(existsSync(folder.file));
    assert.doesNotMatch(readFileSync(folder.file, 'utf8'), /# by hand/);
  }
});
