import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { quoteWord } from '../../src/core/quote-word.ts';
import { makeFleetFolder } from '../support/fleet-folder.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { startRedis } from '../support/redis.ts';

forbidLeaks();

const CELEROOT = quoteWord(join(import.meta.dirname, '../../celeroot'));

test('on a terminal the built program asks before it sends to many hosts, and says nothing else', async () => {
  await using redis = await startRedis();
  const hosts = Array.from({ length: 51 }, (_, at) => `  web${at}: { roles: [webserver] }\n`).join('');
  await using folder = await makeFleetFolder({ broker: `{ url: "unix://${redis.socket}" }`, hosts });

  const { said, code } = await onTerminal(`${CELEROOT} system ping --all --config ${folder.file}`, 'n\n');

  assert.equal(code, 5);
  assert.deepEqual(said, [
    'Do system.ping on 51 hosts (all hosts)? [y/N] n',
    'error[CONFIRMATION_NEEDED]: system.ping on 51 hosts (all hosts) was not confirmed',
    'hint: nothing was sent',
  ]);
});

/** Runs a shell command on a terminal of its own, script(1), and types once it has been asked something. */
async function onTerminal(command: string, typed: string): Promise<{ said: readonly string[]; code: unknown }> {
  const terminal = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null']);
  let said = '';
  terminal.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (!said.includes('[y/N]') && `${said}${text}`.includes('[y/N]')) terminal.stdin.end(typed);
    said += text;
  });
  const [code] = await once(terminal, 'close', { signal: AbortSignal.timeout(60_000) });
  // oxlint-disable-next-line no-control-regex -- what the terminal is told about its cursor
  const plain = said.replaceAll(/\u001B\[[0-9;]*[A-Za-z]/g, '');
  return { said: plain.split(/[\r\n]+/).filter((line) => line !== ''), code };
}
