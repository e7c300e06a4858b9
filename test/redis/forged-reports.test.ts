import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import * as z from 'zod';
import { editText } from '../../src/config/edit.ts';
import { acceptHost } from '../../src/config/host-edits.ts';
import { changeConfig } from '../../src/config/write-config.ts';
import { readSigningKey } from '../../src/trust/key-file.ts';
import { keysFor } from '../../src/queue/names.ts';
import { runIdSchema, type RunId } from '../../src/core/ids.ts';
import { host } from '../support/broker-data.ts';
import { runCli, type CliResult } from '../support/cli.ts';
import { startCliWorker } from '../support/cli-worker.ts';
import { makeFleetFolder, type FleetFolder } from '../support/fleet-folder.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { newStateDir } from '../support/worker.ts';

const things = new AsyncDisposableStack();
let redis: TestRedis;
let folder: FleetFolder;
before(async () => {
  redis = things.use(await startRedis());
  const broker = `{ url: "redis://127.0.0.1:${redis.port}" }`;
  folder = things.use(
    await makeFleetFolder({ broker, roles: '  web: {}\n', hosts: '  web1: { roles: [web] }\n', joined: false }),
  );
  const state = things.use(await newStateDir());
  things.use(await startCliWorker(folder.file, 'web1', state.path));
  const { id } = await readSigningKey(join(state.path, 'host.key'));
  await changeConfig(folder.file, {}, (text, config) =>
    editText(text, acceptHost(config, 'web1', { key: id, replace: false })),
  );
});
after(() => things.disposeAsync());
forbidLeaks();

async function run(args: readonly string[]): Promise<CliResult> {
  return await runCli(args, { cwd: folder.path });
}

/** The id of a run that is over. */
async function endedRun(): Promise<RunId> {
  const sent = await run(['system', 'ping', '--host', 'web1', '--json']);
  const lines = sent.stdout.trim().split('\n');
  const record = z.looseObject({ run: z.object({ id: z.string() }) }).parse(JSON.parse(lines[0] ?? ''));
  return runIdSchema.parse(record.run.id);
}

test('a host that is accepted is believed by its signature', async () => {
  const ping = await run(['system', 'ping', '--host', 'web1']);

  assert.equal(ping.code, 0, ping.stderr);
  assert.equal(ping.stderr, '');
});

test('a result that somebody wrote into Redis is left out, and said so', async () => {
  const id = await endedRun();
  const stream = keysFor(null).reports(id, host('web1'));
  const outcome = { status: 'failed', summary: 'all is lost', transaction: null, data: null, health: null };
  const failure = { kind: 'failed', message: 'forged', hint: null };
  const event = { kind: 'done', outcome: { ...outcome, failure } };
  const forged = JSON.stringify({ job: `${id}.web1`, host: 'web1', at: Date.now(), event });
  await redis.command('DEL', stream);
  await redis.command('XADD', stream, '*', 'report', forged, 'signature', 'AAAA');

  const shown = await run(['runs', 'show', id]);

  assert.match(shown.stderr, /^warning: 1 report was left out: not signed with the key recorded for the host/);
  assert.doesNotMatch(shown.stdout, /all is lost|forged|failed/);
});

test('what a host has written beyond all measure is left out, and said so', async () => {
  const id = await endedRun();
  const script = `
    local text = string.rep(string.rep('x', 1000), 1000)
    for _ = 1, 70 do redis.call('XADD', KEYS[1], '*', 'report', text) end`;
  await redis.command('EVAL', script, '1', keysFor(null).reports(id, host('web1')));

  const shown = await run(['runs', 'show', id, '--json']);

  assert.match(shown.stderr, /^warning: what web1 reported is left out: it is more than a host has to say/);
  assert.partialDeepStrictEqual(JSON.parse(shown.stdout), { forged: 0, oversized: ['web1'] });
});
