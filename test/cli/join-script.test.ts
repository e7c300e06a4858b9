import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fleetNameSchema, hostNameSchema } from '../../src/core/names.ts';
import { renderJoinScript, type JoinScriptParts } from '../../src/fleet/join-script.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const PARTS: JoinScriptParts = {
  fleet: fleetNameSchema.parse('test'),
  host: hostNameSchema.parse('web1'),
  workerFile: 'version: 1\nhost: web1\n',
  package: { sha256: '0'.repeat(64), bytes: 3 },
  renamedFrom: null,
  newSecrets: false,
  sharedPassword: false,
};

function scriptOf(parts: Partial<JoinScriptParts> = {}): string {
  const { head, tail } = renderJoinScript({ ...PARTS, ...parts });
  return `${head}${tail === '' ? '' : 'AAAA\nBBBB\n'}${tail}`;
}

/** Whether a POSIX shell can read all of it; nothing of it is run. */
function isWhole(script: string): boolean {
  return spawnSync('/bin/sh', ['-n'], { input: script }).status === 0;
}

test('a POSIX shell can read the script in all its forms', () => {
  const renamedFrom = hostNameSchema.parse('old');
  const forms = [{}, { package: null }, { renamedFrom }, { newSecrets: true }, { sharedPassword: true }];
  for (const form of forms) assert.ok(isWhole(scriptOf(form)), JSON.stringify(form));
});

test('a script that was cut off has nothing that a shell would begin', () => {
  const script = scriptOf();
  const call = script.indexOf('\n{\nmain <<');
  assert.ok(call > 0);
  for (let end = call + '\n{\nm'.length; end < script.length - 2; end += 3) {
    assert.equal(isWhole(script.slice(0, end)), false, script.slice(0, end).slice(-30));
  }
  assert.doesNotMatch(script.slice(0, call), /^main(?!\(\))/m);
});

test('a machine that was renamed on the controller alone is told what finishes that', async () => {
  await using folder = await temporaryFolder();
  await writeFile(join(folder.path, 'worker.yaml'), 'fleet: test\nhost: old\n');
  const functions = scriptOf().split('\nmain() {')[0]?.replace('=/etc/celeroot', `='${folder.path}'`);

  const { status, stderr } = spawnSync('/bin/sh', [], { input: `${functions}\nrequire_own_name\n`, encoding: 'utf8' });

  assert.equal(status, 1);
  assert.match(
    stderr,
    /^web1: error: this machine is the host old already; .*celeroot hosts join web1 --rename old \|/,
  );
});

/** A script as a machine runs it from where it writes the worker file, with programs of its own. */
function joining(folder: string, { workerFile, programs }: { workerFile: string; programs: string }): string {
  const script = scriptOf({ workerFile, package: null })
    .replace('=/etc/celeroot', `='${folder}'`)
    .replace('=/run/', `='${folder}'/`)
    .replace('\nmain </dev/null\n', '\n');
  return `${script}
${programs}
require_fit_machine() { :; }
require_celeroot() { :; }
main
`;
}

function runScript(input: string): { readonly status: number | null; readonly said: string } {
  const { status, stdout, stderr } = spawnSync('/bin/sh', [], { input, encoding: 'utf8' });
  return { status, said: `${stdout}${stderr}` };
}

const WIDE = 'fleet: test\nhost: web1\nroles: { web: { tasks: ["*"] } }\n';
const NARROW = 'fleet: test\nhost: web1\nroles: { web: { tasks: ["apt.*"] } }\n';
const HEALTHY = `celeroot() { echo answer; }
systemctl() { echo "$1"; }
`;

test('a worker is started again once its file was changed, and only then', async () => {
  await using folder = await temporaryFolder();
  const run = (workerFile: string): string =>
    runScript(joining(folder.path, { workerFile, programs: HEALTHY })).said.replaceAll('\n', ' ');

  assert.match(run(WIDE), /^answer web1: wrote \S+ enable restart web1: the worker runs $/);
  assert.match(run(WIDE), /^answer enable start web1: the worker runs $/);
  assert.match(run(NARROW), /^answer web1: wrote \S+ enable restart web1: the worker runs $/);
});

for (const [what, broken] of [
  ['no answer could be made', 'celeroot() { return 3; }'],
  ['the worker could not be started again', 'systemctl() { [ "$1" != restart ]; }'],
] as const) {
  test(`where ${what}, the same script once more has the worker read its new file`, async () => {
    await using folder = await temporaryFolder();
    runScript(joining(folder.path, { workerFile: WIDE, programs: HEALTHY }));

    const failed = runScript(joining(folder.path, { workerFile: NARROW, programs: `${HEALTHY}${broken}` }));
    const mended = runScript(joining(folder.path, { workerFile: NARROW, programs: HEALTHY }));

    assert.notEqual(failed.status, 0);
    assert.doesNotMatch(failed.said, /the worker runs/);
    assert.match(mended.said, /^restart$/m);
    assert.equal(await readFile(join(folder.path, 'worker.yaml'), 'utf8'), NARROW);
    assert.deepEqual(await readdir(folder.path), ['worker.yaml']);
  });
}

test('where no answer could be made, the worker file stays that which the worker has read', async () => {
  await using folder = await temporaryFolder();
  runScript(joining(folder.path, { workerFile: WIDE, programs: HEALTHY }));

  runScript(joining(folder.path, { workerFile: NARROW, programs: `${HEALTHY}celeroot() { return 3; }` }));

  assert.equal(await readFile(join(folder.path, 'worker.yaml'), 'utf8'), WIDE);
});

test('whatever the worker file says, it ends where it ends', () => {
  const nasty = "a: 'b'\nEND_OF_WORKER_FILE\n$(touch /tmp/x) `id`\nEND_OF_WORKER_FILE_\n";
  const script = scriptOf({ workerFile: nasty });

  assert.ok(script.includes(`<<'END_OF_WORKER_FILE__'\n${nasty}END_OF_WORKER_FILE__\n`));
  assert.ok(isWhole(script));
});
