import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCli, type CliResult } from '../support/cli.ts';
import { makeFleetFolder } from '../support/fleet-folder.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { startRedis } from '../support/redis.ts';

forbidLeaks();

test('a host that has not joined is shown so, is left out of a run by name, and alone is an error', async () => {
  await using redis = await startRedis();
  await using folder = await makeFleetFolder({
    broker: `{ url: "redis://127.0.0.1:${redis.port}" }`,
    roles: '  web: {}\n',
    // Keys are recorded for hosts in braces.
    hosts: '  web1: { roles: [web] }\n  web2:\n    roles: [web]\n',
  });
  const run = async (...args: readonly string[]): Promise<CliResult> => await runCli(args, { cwd: folder.path });

  const listed = await run('hosts', 'ls');
  assert.match(listed.stdout, /^web2 +web +not joined /m);
  assert.match(
    listed.stdout,
    /\n\nweb2 has not joined: .*\nto join it: {2}celeroot hosts join web2 .* celeroot hosts accept web2\n$/,
  );
  assert.match((await run('hosts', 'show', 'web2')).stdout, /^to join +celeroot hosts join web2 /m);
  assert.match(
    (await run('hosts', 'show', 'web2', '--json')).stdout,
    /"joined": false,\n +"twice": false,\n +"online": false/,
  );

  const sent = await run('system', 'ping', '--all', '--detach');
  assert.match(sent.stdout, / is sent to 1 host;/);
  assert.match(sent.stderr, /^warning: left out: web2 has not joined: /);
  const asData = await run('system', 'ping', '--all', '--detach', '--json');
  assert.match(asData.stdout, /^\{"type":"not-joined","hosts":\["web2"\]\}\n/);

  const alone = await run('system', 'ping', '--host', 'web2');
  assert.equal(alone.code, 5);
  assert.match(
    alone.stderr,
    /^error\[HOST_NOT_JOINED\]: web2 has not joined: .*\nhint: .*celeroot hosts accept web2\n$/,
  );
});
