import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { fleetNameSchema, hostNameSchema } from '../core/names.ts';
import { makeSigningKey } from '../trust/key.ts';
import { loadFleet } from './load.ts';
import { parseFleet } from './parse-config.ts';
import { renderStartingFile } from './starting-file.ts';

const root = makeSigningKey().id;
const base = { fleet: fleetNameSchema.parse('example'), root, brokerUrl: null, host: null };

test('the starting file is valid, with an embedded Redis and no hosts', async () => {
  const text = renderStartingFile(base);

  const config = parseFleet({ file: '/srv/celeroot.yaml', text }, {});

  assert.deepEqual([config.fleet, config.roots, config.broker.embedded], ['example', [root], true]);
  assert.deepEqual([[...config.roles.keys()], config.hosts.size], [['server'], 0]);
  assert.equal(config.signingKeyFile, '/srv/celeroot.key');
});

test('the starting file takes the address of a Redis and a first host', async () => {
  const name = hostNameSchema.parse('web1');
  const key = makeSigningKey().id;
  const text = renderStartingFile({ ...base, brokerUrl: 'rediss://redis.example.org:6380', host: { name, key } });

  const config = parseFleet({ file: '/srv/celeroot.yaml', text }, {});

  assert.deepEqual(config.broker.tls, { ca: null });
  assert.deepEqual([config.hosts.get(name)?.roles, config.hosts.get(name)?.key], [['server'], key]);
});

test('a fleet whose name reads as a number keeps it', async () => {
  const text = renderStartingFile({ ...base, fleet: fleetNameSchema.parse('007') });

  assert.equal(parseFleet({ file: '/srv/celeroot.yaml', text }, {}).fleet, '007');
});

test('celeroot.example.yaml is valid', async () => {
  const config = loadFleet(join(import.meta.dirname, '../../celeroot.example.yaml'), {});

  assert.deepEqual([config.roles.size, config.hosts.size], [2, 3]);
});
