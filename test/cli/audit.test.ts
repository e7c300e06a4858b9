import assert from 'node:assert/strict';
import { appendFile, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { checkText } from '../../src/audit/chain.ts';
import { makeSigningKey } from '../../src/trust/key.ts';
import { runCli, type CliResult } from '../support/cli.ts';
import { makeFleetFolder, type FleetFolder } from '../support/fleet-folder.ts';

let folder: FleetFolder;
before(async () => {
  folder = await makeFleetFolder();
});
after(() => folder[Symbol.asyncDispose]());

async function run(...args: readonly string[]): Promise<CliResult> {
  return await runCli(args, { cwd: folder.path });
}

const journalFile = (): string => join(folder.path, 'celeroot.journal');

test('a journal that is not there yet is empty', async () => {
  assert.deepEqual(await run('audit', 'ls'), { code: 0, stdout: 'nothing is written down yet\n', stderr: '' });
  assert.deepEqual(JSON.parse((await run('audit', 'ls', '--json')).stdout), { entries: [] });
});

test('changes of the trust file and of hosts are written down, for their owner alone', async () => {
  const key = makeSigningKey().id;
  assert.equal((await run('keys', 'add', 'ada', '--public', key)).code, 0);
  assert.equal((await run('keys', 'revoke', 'ada')).code, 0);
  assert.equal((await run('hosts', 'retire', 'db1', '--yes', '--only-file')).code, 0);
  assert.equal((await run('hosts', 'retire', 'nobody', '--yes', '--only-file')).code, 5);

  const { stdout, code } = await run('audit', 'ls', '--since', '1h');

  assert.equal(code, 0);
  const lines = stdout.trimEnd().split('\n');
  assert.match(lines[1] ?? '', /^4 .* host retired .* db1 .*ed25519:/);
  assert.match(lines[2] ?? '', /^3 .* trust file 3 .* revoked ada$/);
  assert.match(lines[3] ?? '', /^2 .* trust file 2 .* added ada$/);
  assert.match(lines[4] ?? '', /^1 .* journal-begun$/);
  assert.equal(lines.length, 5);
  assert.equal((await stat(journalFile())).mode & 0o777, 0o600);
  assert.equal((await run('audit', 'ls', '--limit', '1')).stdout.split('\n').length, 3);
  assert.equal((await run('audit', 'ls', '--since', '2099-01-01')).stdout, 'nothing is written down yet\n');
});

test('a line that was cut off by a crash is taken away and said to be; the chain goes on', async () => {
  await appendFile(journalFile(), '{"seq":5,"at":');

  assert.equal((await run('keys', 'add', 'bob', '--public', makeSigningKey().id)).code, 0);

  const { links, broken } = checkText(await readFile(journalFile(), 'utf8'));
  assert.equal(broken, null);
  assert.deepEqual(links.at(-2)?.event, { kind: 'line-repaired', bytes: 14 });
});

test('a trust file that cannot be written down is not changed', async () => {
  const before = await readFile(join(folder.path, 'celeroot.trust'), 'utf8');
  const text = await readFile(folder.file, 'utf8');
  await writeFile(folder.file, `${text}journal: celeroot.yaml/journal\n`);

  const { code, stderr } = await run('keys', 'revoke', 'bob');

  assert.equal(code, 3);
  assert.match(stderr, /^error\[JOURNAL_UNUSABLE\]: cannot use the journal .*celeroot\.yaml\/journal: .*\nhint: /);
  assert.equal(await readFile(join(folder.path, 'celeroot.trust'), 'utf8'), before);
  await writeFile(folder.file, text);
});

test('what cannot be meant is refused', async () => {
  assert.match(
    (await run('audit', 'ls', '--since', 'today')).stderr,
    /^error\[USAGE\]: --since: expected a duration or a date/,
  );
  assert.match((await run('audit', 'ls', '--limit', '0')).stderr, /^error\[USAGE\]: --limit: expected a whole number/);
  assert.match((await run('audit', 'ls', '--host', 'web9')).stderr, /^error\[UNKNOWN_HOST\]/);
  assert.match((await run('audit', 'verify', '--host', 'nobody')).stderr, /^error\[/);
  assert.equal((await run('audit', 'verify')).code, 4, 'Redis is away');
});
