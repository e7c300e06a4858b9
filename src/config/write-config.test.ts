import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { ConfigError } from '../core/errors.ts';
import { editText } from './edit.ts';
import { readSource } from './read-source.ts';
import { changeConfig, writeConfig } from './write-config.ts';

const TEXT = `# the fleet
version: 1
fleet: test
roots: [ed25519:11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=]
broker: { embedded: true }
roles:
  web: {}
hosts: {}  # none yet
`;

let folder = '';
let file = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'celeroot-write-'));
  file = join(folder, 'celeroot.yaml');
  writeFileSync(file, TEXT);
});
afterEach(() => rmSync(folder, { recursive: true }));

const addHost =
  (name: string) =>
  (text: string): string =>
    editText(text, [{ kind: 'set', path: ['hosts', name], value: { roles: ['web'] } }]);

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof ConfigError);
  return error.code;
}

/** Nothing but the file itself is left in the folder. */
function assertClean(): void {
  assert.deepEqual(readdirSync(folder), ['celeroot.yaml']);
}

test('a change is written and returned, and the mode stays', async () => {
  chmodSync(file, 0o640);

  const { before, after } = await changeConfig(file, {}, addHost('web1'));

  assert.deepEqual([before.hosts.size, after.hosts.size], [0, 1]);
  assert.equal(
    readFileSync(file, 'utf8'),
    TEXT.replace('hosts: {}  # none yet', 'hosts:  # none yet\n  web1:\n    roles: [web]'),
  );
  assert.equal(statSync(file).mode & 0o777, 0o640);
  assertClean();
});

test('a file reached by a symbolic link is replaced where it is', async () => {
  const link = join(mkdtempSync(join(folder, 'etc-')), 'link.yaml');
  symlinkSync(file, link);

  await changeConfig(link, {}, addHost('web1'));

  assert.ok(lstatSync(link).isSymbolicLink());
  assert.match(readFileSync(file, 'utf8'), /web1/);
});

test('a change that makes the file invalid is not written', async () => {
  const code = await codeOf(changeConfig(file, {}, (text) => text.replace('web: {}', 'web: { concurrency: no }')));

  assert.equal(code, 'CONFIG_INVALID');
  assert.equal(readFileSync(file, 'utf8'), TEXT);
  assertClean();
});

test('a change by another program is not overwritten', async () => {
  const source = readSource(file);
  writeFileSync(file, `${TEXT}# by hand\n`);

  assert.equal(await codeOf(writeConfig(source, addHost('web1')(TEXT), {})), 'CONFIG_CHANGED');
  assert.equal(
    await codeOf(
      changeConfig(file, {}, (text) => {
        writeFileSync(file, `${TEXT}# again\n`);
        return addHost('web1')(text);
      }),
    ),
    'CONFIG_CHANGED',
  );
  assert.equal(readFileSync(file, 'utf8'), `${TEXT}# again\n`);
  assertClean();
});

test('a lock is given back, also when the change fails', async () => {
  await codeOf(changeConfig(file, {}, () => 'version: 2\n'));

  assert.equal(existsSync(`${file}.lock`), false);
  await changeConfig(file, {}, addHost('web1'));
});

test('what a crash left of an edit is cleared away, and nothing that is not ours', async () => {
  writeFileSync(`${file}.0123456789ab.tmp`, 'half');
  writeFileSync(`${file}.tmp`, 'mine');
  writeFileSync(`${file}.old.tmp`, 'mine too');

  await changeConfig(file, {}, addHost('web1'));

  assert.deepEqual(readdirSync(folder).toSorted(), ['celeroot.yaml', 'celeroot.yaml.old.tmp', 'celeroot.yaml.tmp']);
});
