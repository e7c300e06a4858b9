import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { embeddedFiles } from '../../src/core/embedded-files.ts';
import { CommandError } from '../../src/core/errors.ts';
import { detachedSchema } from '../../src/host/start-detached.ts';
import { embeddedBrokerRuns, startEmbeddedBroker, stopEmbeddedBroker } from '../../src/queue/embedded-broker.ts';
import { openControllerBroker } from '../../src/queue/open.ts';
import { host, newRun } from '../support/broker-data.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { settingsFor, waitUntil } from '../support/redis.ts';
import { runsIn, saveRun } from '../support/spoken.ts';

forbidLeaks();

type Place = AsyncDisposable & { readonly folder: string };

/** A folder that is closed to others above, as /var/lib/celeroot is. */
async function makePlace(): Promise<Place> {
  const state = await mkdtemp(join(tmpdir(), 'celeroot-embedded-'));
  const folder = join(state, 'broker');
  return {
    folder,
    [Symbol.asyncDispose]: async () => {
      await stopEmbeddedBroker({ folder });
      await rm(state, { recursive: true });
    },
  };
}

const settingsOf = (folder: string) => settingsFor({ kind: 'socket', path: embeddedFiles(folder).socket });

async function processOf(folder: string): Promise<number> {
  const record = detachedSchema.parse(JSON.parse(await readFile(`${folder}.json`, 'utf8')));
  assert.equal(record.kind, 'process');
  return record.kind === 'process' ? record.process.pid : 0;
}

test('the embedded Redis is fit as a broker, is started once and stopped once', async () => {
  await using place = await makePlace();
  const warnings: string[] = [];

  assert.equal(await startEmbeddedBroker(place), true);
  assert.equal(await startEmbeddedBroker(place), false);
  {
    await using controller = await openControllerBroker(settingsOf(place.folder), (line) => warnings.push(line));
    assert.deepEqual(await controller.runIds(10), []);
  }
  assert.deepEqual(warnings, []);
  assert.equal(await embeddedBrokerRuns(place), true);
  assert.equal(await stopEmbeddedBroker(place), true);
  assert.equal(await embeddedBrokerRuns(place), false);
  assert.equal(await stopEmbeddedBroker(place), false);
});

test('root runs the embedded Redis as another user, in a folder only that user can open', async (context) => {
  if (process.getuid?.() !== 0) return context.skip('needs root');
  await using place = await makePlace();

  await startEmbeddedBroker(place);

  const { uid, mode } = await stat(place.folder);
  assert.notEqual(uid, 0);
  assert.equal(mode & 0o777, 0o700);
  assert.equal((await stat(`/proc/${await processOf(place.folder)}`)).uid, uid);
  assert.equal((await stat(embeddedFiles(place.folder).socket)).mode & 0o777, 0o700);
});

test('a killed embedded Redis starts again over its stale socket with all it had', async () => {
  await using place = await makePlace();
  const settings = settingsOf(place.folder);
  const run = newRun([host('web1')]);
  await startEmbeddedBroker(place);
  {
    await using controller = await openControllerBroker(settings);
    await saveRun(controller, run);
  }

  process.kill(await processOf(place.folder), 'SIGKILL');
  await waitUntil(async () => !(await embeddedBrokerRuns(place)), 'the killed Redis to be gone');
  assert.equal(await startEmbeddedBroker(place), true);

  await using controller = await openControllerBroker(settings);
  assert.deepEqual(await runsIn(controller), [run]);
});

test('starts at once end with one embedded Redis, and all of them well', async () => {
  await using place = await makePlace();
  for (let round = 1; round <= 5; round += 1) {
    const started = await Promise.all(Array.from({ length: 4 }, () => startEmbeddedBroker(place)));

    assert.equal(started.filter(Boolean).length, 1);
    assert.equal(await stopEmbeddedBroker(place), true);
    assert.equal(
      spawnSync('flock', ['--nonblock', `${place.folder}.lock`, 'true']).status,
      0,
      'the lock is free again',
    );
  }
});

test('an embedded Redis whose starter was killed before it wrote a record is found and can be stopped', async () => {
  await using place = await makePlace();
  await startEmbeddedBroker(place);
  const pid = await processOf(place.folder);
  await rm(`${place.folder}.json`);

  assert.equal(await startEmbeddedBroker(place), false);

  assert.equal(await processOf(place.folder), pid);
  assert.equal(await stopEmbeddedBroker(place), true);
});

test('an embedded Redis that cannot start says why', async () => {
  await using place = await makePlace();
  await startEmbeddedBroker(place);
  await stopEmbeddedBroker(place);
  await writeFile(join(place.folder, 'appendonlydir', 'appendonly.aof.manifest'), 'not a manifest\n');

  await assert.rejects(startEmbeddedBroker(place), (error: unknown) => {
    assert.ok(error instanceof CommandError);
    assert.equal(error.code, 'COMMAND_FAILED');
    assert.match(error.message, /did not start: .*manifest/i);
    return true;
  });
});
