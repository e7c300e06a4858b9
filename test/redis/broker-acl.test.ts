import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { runCli, type CliResult } from '../support/cli.ts';
import { makeFleetFolder, type FleetFolder } from '../support/fleet-folder.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';

const DIGEST = createHash('sha256').update('its own').digest('hex');
const things = new AsyncDisposableStack();
let redis: TestRedis;
let folder: FleetFolder;
before(async () => {
  redis = things.use(await startRedis());
  const hosts = `  web1: { roles: [web], broker_password: "sha256:${DIGEST}" }\n  web2: { roles: [web] }\n`;
  const broker = `{ url: "redis://127.0.0.1:${redis.port}" }`;
  folder = things.use(await makeFleetFolder({ broker, roles: '  web: {}\n', hosts }));
});
after(() => things.disposeAsync());
forbidLeaks();

async function acl(...flags: readonly string[]): Promise<CliResult> {
  return await runCli(['broker', 'acl', ...flags], { cwd: folder.path });
}

async function users(): Promise<readonly string[]> {
  return (await redis.command('ACL', 'USERS')).split('\n').filter((user) => user.startsWith('celeroot'));
}

test('the lines that are printed are ones that Redis takes, and name who has no user', async () => {
  const { code, stdout, stderr } = await acl();

  assert.equal(code, 0, stderr);
  assert.match(stdout, new RegExp(`^user celeroot\\.web1 on #${DIGEST} [^\n]*\n$`));
  assert.match(stderr, /no broker_password .*: web2\n/);
  const [, name = '', rules = ''] = /^user (\S+) (.*)\n$/.exec(stdout) ?? [];
  const words = rules.match(/\([^)]*\)|\S+/g) ?? [];
  assert.equal(await redis.command('ACL', 'SETUSER', name, ...words), 'OK');
  await redis.command('ACL', 'DELUSER', name);
});

test('nothing is changed without a yes', async () => {
  const { code, stderr } = await acl('--apply');

  assert.equal(code, 5, stderr);
  assert.match(stderr, /^add {5}celeroot\.web1$/m);
  assert.match(stderr, /^error\[CONFIRMATION_NEEDED\]/m);
  assert.deepEqual(await users(), []);
});

test('Redis is made to have exactly the users of the hosts, and the second time there is nothing to do', async () => {
  await redis.command('ACL', 'SETUSER', 'celeroot.gone', 'on', 'nopass', '+ping');

  const first = await acl('--apply', '--yes');
  assert.equal(first.code, 0, first.stderr);
  assert.match(first.stderr, /^remove {2}celeroot\.gone: /m);
  assert.deepEqual(await users(), ['celeroot.web1']);

  const second = await acl('--apply', '--yes', '--json');
  const none = { added: [], changed: [], removed: [], without: ['web2'], warnings: [] };
  assert.deepEqual(JSON.parse(second.stdout), { applied: none });
});
