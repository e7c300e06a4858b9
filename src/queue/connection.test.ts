import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BrokerSettings } from '../core/broker-settings.ts';
import { Secret } from '../core/secret.ts';
import { addressOf } from './connection.ts';

const nodes = [
  { host: 'a', port: 1 },
  { host: '::1', port: 2 },
];

function address(changes: Partial<BrokerSettings>): string {
  return addressOf({
    endpoint: { kind: 'tcp', node: { host: 'redis.example.org', port: 6379 } },
    tls: null,
    database: 0,
    user: null,
    password: null,
    embedded: false,
    listen: null,
    environment: null,
    ...changes,
  });
}

test('the address names everything but the password', () => {
  assert.equal(address({}), 'redis://redis.example.org:6379');
  assert.equal(
    address({ tls: { ca: null }, user: 'web1', password: new Secret('hunter2'), database: 3 }),
    'rediss://web1@redis.example.org:6379/3',
  );
  assert.equal(address({ endpoint: { kind: 'socket', path: '/run/redis.sock' } }), 'unix:///run/redis.sock');
  assert.equal(address({ endpoint: { kind: 'cluster', nodes } }), 'redis://a:1,[::1]:2 (cluster)');
  assert.equal(address({ endpoint: { kind: 'sentinel', master: 'm', nodes } }), 'redis://m by sentinels a:1,[::1]:2');
});
