import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { identifyProcess } from '../../src/host/process-id.ts';
import { lockConfig } from '../../src/config/config-lock.ts';
import { ConfigError } from '../../src/core/errors.ts';
import { editText } from '../../src/config/edit.ts';
import { loadFleet } from '../../src/config/load.ts';
import { changeConfig } from '../../src/config/write-config.ts';

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
  folder = mkdtempSync(join(tmpdir(), 'celeroot-race-'));
  file = join(folder, 'celeroot.yaml');
  writeFileSync(file, TEXT);
});
afterEach(() => rmSync(folder, { recursive: true }));

const addHost =
  (name: string) =>
  (text: string): string =>
    editText(text, [{ kind: 'set', path: ['hosts', name], value: { roles: ['web'] } }]);

/** Nothing but the file itself is left in the folder. */
function assertClean(): void {
  assert.deepEqual(readdirSync(folder), ['celeroot.yaml']);
}

test('a lock that is held is waited for, then named with its holder', async () => {
  await using _held = await lockConfig(file);

  const error = await lockConfig(file, 200).then(
    () => null,
    (thrown: unknown) => thrown,
  );

  assert.ok(error instanceof ConfigError);
  assert.equal(error.code, 'CONFIG_CHANGED');
  assert.match(error.message, new RegExp(`process ${process.pid}, which holds ${file}\\.lock`));
  assert.equal(readFileSync(file, 'utf8'), TEXT);
});

test('the lock of a dead process is taken over', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)']);
  const identity = identifyProcess(child.pid ?? 0);
  child.kill('SIGKILL');
  await once(child, 'exit');
  symlinkSync(JSON.stringify(identity), `${file}.lock`);
  symlinkSync(JSON.stringify(identity), `${file}.lock.takeover`);

  await changeConfig(file, {}, addHost('web1'));

  assert.match(readFileSync(file, 'utf8'), /web1/);
  assertClean();
});

test('edits by several processes at a time all arrive', async () => {
  const names = Array.from({ length: 6 }, (_, index) => `web${index}`);

  const codes = await Promise.all(names.map((name) => exitOf(adder([name]))));

  assert.deepEqual(
    codes,
    names.map(() => 0),
  );
  assert.deepEqual([...loadFleet(file, {}).hosts.keys()].toSorted(), names);
  assertClean();
});

test('a process killed in the middle of writing leaves a valid file and nothing that stops the next', async () => {
  for (let round = 0; round < 5; round += 1) {
    const child = adder(Array.from({ length: 200 }, (_, index) => `h${round}-${index}`));
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const { hosts } = loadFleet(file, {});
    assert.ok(hosts.size > round);
  }

  await changeConfig(file, {}, addHost('last'));

  assert.deepEqual(
    readdirSync(folder).filter((name) => !/\.lock\.[0-9a-f]{12}$/.test(name)),
    ['celeroot.yaml'],
  );
});

/** A process that adds hosts one after the other and says so after the first. */
function adder(names: readonly string[]): ReturnType<typeof spawn> & { stdout: NodeJS.ReadableStream } {
  const script = `
    import { changeConfig } from ${JSON.stringify(new URL('../../src/config/write-config.ts', import.meta.url).href)};
    import { editText } from ${JSON.stringify(new URL('../../src/config/edit.ts', import.meta.url).href)};
    for (const name of ${JSON.stringify(names)}) {
      const edit = { kind: 'set', path: ['hosts', name], value: { roles: ['web'] } };
      await changeConfig(${JSON.stringify(file)}, {}, (text) => editText(text, [edit]));
      process.stdout.write('.');
    }`;
  return spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
}

async function exitOf(child: ReturnType<typeof spawn>): Promise<unknown> {
  const [code] = await once(child, 'exit');
  return code;
}
