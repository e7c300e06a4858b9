import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { CommandError } from '../core/errors.ts';
import { identifyProcess } from './process-id.ts';
import { runCommand } from './run-command.ts';

test('a command gets only the fixed environment and an empty stdin', async () => {
  process.env['APT_CONFIG'] = '/tmp/evil';
  const { stdout } = await runCommand(['sh', '-c', 'env; cat; pwd']);
  delete process.env['APT_CONFIG'];

  assert.match(stdout, /^DEBIAN_FRONTEND=noninteractive$/m);
  assert.match(stdout, /^PATH=\/usr\/sbin:\/usr\/bin:\/sbin:\/bin$/m);
  assert.doesNotMatch(stdout, /APT_CONFIG/);
  assert.match(stdout, /^\/$/m);
});

test('a failing command is a value with its exit code and both outputs', async () => {
  const result = await runCommand(['sh', '-c', 'echo out; echo err >&2; exit 7']);

  assert.deepEqual(result, { exitCode: 7, signal: null, stdout: 'out\n', stderr: 'err\n' });
});

test('a command ended by a signal says which', async () => {
  const result = await runCommand(['sh', '-c', 'kill -KILL $$']);

  assert.equal(result.signal, 'SIGKILL');
  assert.equal(result.exitCode, null);
});

test('a missing program is named', async () => {
  await assert.rejects(runCommand(['celeroot-no-such-program']), (error) => {
    assert.ok(error instanceof CommandError);
    assert.equal(error.code, 'MISSING_PROGRAM');
    assert.match(error.message, /celeroot-no-such-program/);
    return true;
  });
});

test('a command that takes too long is killed with its children', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'celeroot-run-'));
  t.after(async () => await rm(folder, { recursive: true }));
  const script = 'trap "" TERM; sleep 60 & echo $$ $! > "$0"; wait; sleep 60';

  await assert.rejects(runCommand(['sh', '-c', script, join(folder, 'pids')], { timeoutMs: 300 }), {
    code: 'COMMAND_FAILED',
    message: 'sh did not end within 300 ms',
  });

  const pids = (await readFile(join(folder, 'pids'), 'utf8')).trim().split(' ').map(Number);
  assert.equal(pids.length, 2);
  assert.deepEqual(pids.map(identifyProcess), [null, null]);
});

test('too much output is an error instead of memory', async () => {
  await assert.rejects(runCommand(['head', '-c', '2000', '/dev/zero'], { maxOutputBytes: 1000 }), {
    code: 'COMMAND_FAILED',
    message: 'head printed more than 1000 bytes',
  });
});

test('an aborted command ends with the reason of the signal', async () => {
  const reason = new CommandError('COMMAND_FAILED', 'stopped by the test');
  const abort = new AbortController();
  const running = runCommand(['sleep', '60'], { signal: abort.signal });
  abort.abort(reason);

  await assert.rejects(running, reason);
});

test('a daemon that keeps the output open is not waited for', async () => {
  const result = await runCommand(['sh', '-c', 'sleep 20 & echo $!']);

  const daemon = Number(result.stdout);
  assert.equal(result.exitCode, 0);
  assert.ok(process.kill(daemon, 'SIGKILL'));
});

test('arguments reach the program as they are, never through a shell', async () => {
  const { stdout } = await runCommand(['printf', '%s|', '$(id)', '`id`', '; true', "'"]);

  assert.equal(stdout, "$(id)|`id`|; true|'|");
});
