import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { runCli, type CliResult } from '../support/cli.ts';
import { makeFleetFolder, type FleetFolder } from '../support/fleet-folder.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { ScriptedHosts } from '../support/scripted-hosts.ts';

const HOSTS = ['web1', 'web2', 'web3', 'web4', 'web5'];

let redis: TestRedis;
let folder: FleetFolder;
let hosts: ScriptedHosts;
const things = new AsyncDisposableStack();
before(async () => {
  redis = things.use(await startRedis());
  folder = things.use(
    await makeFleetFolder({
      broker: `{ url: "redis://127.0.0.1:${redis.port}" }`,
      roles: '  web: {}\n',
      hosts: HOSTS.map((name) => `  ${name}: { roles: [web] }\n`).join(''),
    }),
  );
  const settings = { ...redis.settings, environment: null };
  hosts = things.use(await ScriptedHosts.start(settings, folder.path, HOSTS));
});
after(() => things.disposeAsync());
forbidLeaks();

async function run(...args: readonly string[]): Promise<CliResult> {
  hosts.begun.length = 0;
  hosts.mostAtOnce = 0;
  return await runCli(args, { cwd: folder.path });
}

test('a roll-out goes batch by batch and ends like any run', async () => {
  hosts.script = () => 'changed';
  const { code, stdout, stderr } = await run('system', 'ping', '--role', 'web', '--canary', '1', '--batches', '2');
  assert.equal(stderr, '');
  assert.equal(code, 0);
  assert.deepEqual(hosts.begun[0], 'web1');
  assert.deepEqual(hosts.begun.toSorted(), HOSTS);
  assert.ok(hosts.mostAtOnce <= 2);
  assert.match(stdout, /^roll-out \| in batch canary \(1 of 3\): 1 under way$/m);
  assert.match(stdout, /5 of 5 done/);
});

test('a canary that fails is the only one harmed; the run says why and what to type, and goes on when resumed', async () => {
  hosts.script = () => 'failed';
  const stopped = await run('system', 'ping', '--role', 'web', '--canary', '1', '--batches', '2');
  assert.equal(stopped.code, 1);
  assert.deepEqual(hosts.begun, ['web1']);
  assert.match(
    stopped.stderr,
    /^error\[ROLLOUT_STOPPED\]: the roll-out stopped: 1 host has failed \(web1\), none may\nhint: 4 hosts have not had their turn: web2, web3, web4, web5\n/,
  );
  assert.match(stopped.stderr, /celeroot runs resume \w{26}\n/);

  hosts.script = () => 'changed';
  const resumed = await run('runs', 'resume', 'latest');
  assert.deepEqual(hosts.begun.toSorted(), ['web2', 'web3', 'web4', 'web5']);
  assert.equal(hosts.begun[0], 'web2');
  assert.match(resumed.stderr, /JOBS_FAILED/);
  assert.equal(resumed.code, 1);
});
