import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BrokerSettings } from '../../src/core/broker-settings.ts';
import { CelerootError } from '../../src/core/errors.ts';
import type { JoinGuest } from '../../src/core/join-guest.ts';
import { Secret } from '../../src/core/secret.ts';
import { openJoinKnock } from '../../src/queue/join-knock.ts';
import { openControllerBroker } from '../../src/queue/open.ts';
import { host } from '../support/broker-data.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { startCluster, startSentinelGroup } from '../support/redis-groups.ts';
import { startRedis } from '../support/redis.ts';

/** The way that both sides of a join by token talk, in each kind of Redis. */
forbidLeaks();

const password = new Secret('the password of the join');

async function talk(settings: BrokerSettings): Promise<void> {
  const guest: JoinGuest = { host: host('web1'), id: 'a'.repeat(16), expiresAt: Date.now() + 60_000 };
  await using broker = await openControllerBroker(settings);
  {
    await using door = await broker.openJoinDoor(guest, password);
    await using knock = await openJoinKnock(settings, guest, password);
    assert.equal(await door.offered(), '');
    assert.equal(await knock.replied(), null);
    assert.equal(await knock.offerFirst('one'), true);
    assert.equal(await knock.offerFirst('one'), true, 'sent again');
    assert.equal(await knock.offerFirst('other'), false);
    assert.equal(await door.offered(), 'one');
    await knock.offerAnew('anew');
    assert.equal(await door.offered(), 'anew');
    await door.reply('a reply');
    assert.equal(await knock.replied(), 'a reply');
    await door[Symbol.asyncDispose]();

    await assert.rejects(knock.replied(), isOver);
  }
  await assert.rejects(openJoinKnock(settings, guest, password), isOver);
  await using door = await broker.openJoinDoor(guest, password);
  assert.equal(await door.offered(), '', 'nothing was left of what was said');
}

function isOver(error: unknown): boolean {
  return error instanceof CelerootError && error.code === 'JOIN_TOKEN_UNUSABLE';
}

test('two sides talk through one Redis, in a database that is not its first, until the door is closed', async () => {
  await using redis = await startRedis();
  await talk(redis.settings);
  await talk({ ...redis.settings, database: 3 });
});

test('two sides talk through a Cluster until the door is closed', async () => {
  await using cluster = await startCluster();
  await talk(cluster.settings);
});

test('two sides talk through a Redis that Sentinels watch until the door is closed', async () => {
  await using group = await startSentinelGroup();
  await talk(group.settings);
});
