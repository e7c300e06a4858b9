import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jobIdFor, runIdSchema } from '../../src/core/ids.ts';
import { openWorkerBroker } from '../../src/queue/open.ts';
import { readSigningKey } from '../../src/trust/key-file.ts';
import { sealReport } from '../../src/trust/sign-report.ts';
import { host, reportOf } from '../support/broker-data.ts';
import { runCli, type CliResult } from '../support/cli.ts';
import { hostKeyFile, makeFleetFolder } from '../support/fleet-folder.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { startRedis } from '../support/redis.ts';

forbidLeaks();

test('a cancel says which jobs never begin, which only wait for their turn, and which stop', async () => {
  await using redis = await startRedis();
  await using folder = await makeFleetFolder({
    broker: `{ url: "redis://127.0.0.1:${redis.port}" }`,
    roles: '  web: {}\n',
    hosts: '  h1: { roles: [web] }\n  h2: { roles: [web] }\n  h3: { roles: [web] }\n  h4: { roles: [web] }\n',
  });
  const run = async (...args: readonly string[]): Promise<CliResult> => await runCli(args, { cwd: folder.path });
  const sent = await run('apt', 'update', '--all', '--detach');
  const id = runIdSchema.parse(/^run (\w{26})/.exec(sent.stdout)?.[1]);
  await using worker = await openWorkerBroker({ ...redis.settings, environment: null });
  // As their workers would: each takes its job out of its queue and says what it is at.
  const events = [
    { kind: 'waiting', for: 'turn', holder: null },
    { kind: 'waiting', for: 'turn', holder: null },
    { kind: 'phase', phase: 'refreshing' },
  ] as const;
  for (const [index, event] of events.entries()) {
    const name = host(`h${index + 1}`);
    await redis.command('DEL', `{celeroot}:host.${name}:wait`);
    const key = await readSigningKey(hostKeyFile(folder.path, name));
    await worker.report(id, sealReport(reportOf(jobIdFor(id, name), name, event).report, key));
  }

  const { stdout } = await run('runs', 'cancel', id);

  assert.equal(
    stdout,
    `run ${id} is cancelled: 1 job never begins, 2 jobs that wait for their turn do not begin, ` +
      '1 job stops at its next safe point\n',
  );
});
