import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

const root = join(import.meta.dirname, '../..');
let folder = '';
/** The launcher of a checkout that is built when it is first used. */
let built = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'celeroot-launcher-'));
  chmodSync(folder, 0o755);
  built = join(checkout("grün haus's"), 'celeroot');
});
after(() => rmSync(folder, { recursive: true }));

/** A checkout of that name, with its packages installed and nothing built. */
function checkout(name: string): string {
  const path = join(folder, name);
  mkdirSync(path);
  for (const part of ['bin', 'celeroot', 'package.json', 'package-lock.json', 'scripts', 'src']) {
    cpSync(join(root, part), join(path, part), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(path, 'node_modules'));
  utimesSync(join(path, 'package-lock.json'), 0, 0);
  return path;
}

type Said = { readonly status: number | null; readonly stdout: string; readonly stderr: string };

function run(program: string, ...args: readonly string[]): Said {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  return { status, stdout, stderr };
}

test('the program is built and runs in a folder whose name needs quotes', () => {
  const { status, stdout, stderr } = run(built, '--version');

  assert.equal(stderr, '');
  assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
  assert.equal(status, 0);
});

test('what is to be typed next begins as the program was called', () => {
  const { stdout, stderr } = run(built, '--config', '/nonexistent.yaml', 'hosts', 'ls');
  assert.equal(stdout, '');
  assert.match(stderr, /CONFIG/);

  const fleet = join(folder, 'fleet');
  mkdirSync(fleet);
  spawnSync(built, ['init', '--fleet', 'lab'], { cwd: fleet });
  const listed = spawnSync(built, ['hosts', 'ls'], { cwd: fleet, encoding: 'utf8' });
  const failed = spawnSync(built, ['keys', 'revoke', 'nobody'], { cwd: fleet, encoding: 'utf8' });

  const called = `'${built.replaceAll("'", String.raw`'\''`)}'`;
  assert.ok(`${listed.stdout}${listed.stderr}`.includes(`${called} hosts add`), listed.stdout + listed.stderr);
  assert.ok(failed.stderr.includes(`hint: see  ${called} keys ls`), failed.stderr);
});

test('whoever may not write the checkout is told who has to build it, in two lines', () => {
  const path = checkout('not ours');
  chmodSync(path, 0o555);
  const someone = process.getuid?.() === 0 ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : ['env'];
  const [program, ...args] = [...someone, join(path, 'celeroot'), 'hosts', 'ls'];

  const { status, stdout, stderr } = run(program, ...args);

  assert.deepEqual(stderr.split('\n'), [
    `error[COMMAND_FAILED]: celeroot has to be built before it can be used, and this user may not write ${path}/build`,
    `hint: as the owner of that folder: '${path}/celeroot' --version`,
    '',
  ]);
  assert.deepEqual([status, stdout], [1, '']);
});

test('a hint to build by hand can be pasted into a shell', () => {
  const path = checkout("ann's");
  rmSync(join(path, 'bin', 'celeroot.ts'));

  const { status, stderr } = run(join(path, 'celeroot'), '--version');

  assert.match(
    stderr,
    /\nerror\[COMMAND_FAILED\]: the program could not be built\nhint: cd '[^\n]*ann'\\''s' && npm run bundle\n$/,
  );
  assert.equal(status, 1);
});

/** A PATH on which there is all the launcher needs but npm, and an apt-get that brings a script of that name. */
function pathWithoutNpm(name: string): string {
  const bin = join(folder, name);
  mkdirSync(bin);
  for (const program of ['find', 'flock', 'id', 'mkdir', 'readlink', 'sed', 'sh', 'touch', 'uname']) {
    const place = ['/usr/bin', '/bin'].map((each) => join(each, program)).find((file) => existsSync(file));
    symlinkSync(place ?? assert.fail(`no ${program}`), join(bin, program));
  }
  const apt = `#!/bin/sh\ncase $1 in install) printf '#!/bin/sh\\nexit 3\\n' >${bin}/npm; /bin/chmod +x ${bin}/npm ;; esac\n`;
  writeFileSync(join(bin, 'apt-get'), apt, { mode: 0o755 });
  return bin;
}

test('without npm nothing is installed unasked, and the command that does it is named', () => {
  const path = checkout('no npm');
  rmSync(join(path, 'node_modules'));

  const { status, stderr } = run('env', `PATH=${pathWithoutNpm('bin-unasked')}`, join(path, 'celeroot'), 'hosts', 'ls');

  assert.match(
    stderr,
    /^error\[MISSING_PROGRAM\]: celeroot needs what is not installed here: npm\nhint: apt-get install --yes .*npm\n$/,
  );
  assert.equal(status, 1);
});

test(
  'without npm root who said --yes gets Debian’s, which then is what is used',
  { skip: process.getuid?.() !== 0 },
  () => {
    const path = checkout('with yes');
    rmSync(join(path, 'node_modules'));

    const { status, stderr } = run('env', `PATH=${pathWithoutNpm('bin-yes')}`, join(path, 'celeroot'), 'up', '--yes');

    assert.match(
      stderr,
      /^\+ apt-get update && apt-get install --yes --no-install-recommends npm\nceleroot: installing npm/,
    );
    assert.match(stderr, /\nerror\[COMMAND_FAILED\]: npm ci failed/);
    assert.equal(status, 1);
  },
);

test('in a folder that was deleted there is one clear error', () => {
  const gone = join(folder, 'gone');
  const script = 'mkdir "$1" && cd "$1" && rmdir "$1" && exec "$2" "$3" hosts ls';

  const said = run('sh', '-c', script, 'sh', gone, process.execPath, join(root, 'bin/celeroot.ts'));

  assert.equal(said.stderr, 'error[USAGE]: the current folder was deleted\nhint: go to another one:  cd /\n');
  assert.deepEqual([said.status, said.stdout], [2, '']);
});

test('what cannot be written is one clear error, for a document and for lines', () => {
  for (const command of ['config schema', 'tasks ls']) {
    const { status, stderr } = run('sh', '-c', `"$1" ${command} > /dev/full`, 'sh', built);

    assert.match(
      stderr,
      /^error\[OUTPUT_FAILED\]: cannot write to standard output: ENOSPC: .*\nhint: what was printed is incomplete; .*\n$/,
    );
    assert.equal(status, 1);
  }
});
