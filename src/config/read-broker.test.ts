import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import fc from 'fast-check';
import { ConfigError } from '../core/errors.ts';
import type { BrokerSettings } from '../core/broker-settings.ts';
import { parseFleet } from './parse-config.ts';

const PASSWORD = 'hunter2-S3cret';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'celeroot-broker-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The settings of a configuration with this broker section. */
async function settings(broker: string, env: Record<string, string> = {}): Promise<BrokerSettings> {
  const text = `version: 1
fleet: test
roots: [ed25519:11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=]
broker: ${broker}
roles: {}
`;
  return parseFleet({ file: join(folder, 'celeroot.yaml'), text }, env).broker;
}

/** The complaint, without place; fails when the password is anywhere in the error. */
async function complaint(broker: string, env: Record<string, string> = {}): Promise<string> {
  const error = await settings(broker, env).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof ConfigError);
  assert.doesNotMatch(JSON.stringify([error.message, error.hint, error.details]), /hunter2/);
  return error.message.replaceAll(/^.*celeroot\.yaml:\d+:\d+: /gm, '').replaceAll(folder, '');
}

test('an address gives host, port, database, TLS, user and password', async () => {
  const plain = await settings('{ url: redis://10.0.0.1 }');
  const full = await settings(`{ url: "rediss://ops:${encodeURIComponent('p@:/#')}@[::1]:6380/3" }`);

  assert.deepEqual(plain.endpoint, { kind: 'tcp', node: { host: '10.0.0.1', port: 6379 } });
  assert.deepEqual([plain.tls, plain.database, plain.user, plain.password], [null, 0, null, null]);
  assert.deepEqual(full.endpoint, { kind: 'tcp', node: { host: '::1', port: 6380 } });
  assert.deepEqual([full.tls, full.database, full.user], [{ ca: null }, 3, 'ops']);
  assert.equal(full.password?.reveal(), 'p@:/#');
});

test('sockets, Sentinel, Cluster and the embedded broker are endpoints', async () => {
  const socket = await settings('{ url: unix:///run/redis.sock }');
  const sentinel = await settings('{ sentinel: { master: main, nodes: [a:26379, "[::1]:26380"] }, environment: prod }');
  const cluster = await settings('{ cluster: { nodes: [a:7000, b:7001] }, tls: true }');
  const embedded = await settings('{ embedded: true }', { CELEROOT_STATE_DIR: '/srv/state' });

  assert.deepEqual(socket.endpoint, { kind: 'socket', path: '/run/redis.sock' });
  assert.deepEqual(sentinel.endpoint, {
    kind: 'sentinel',
    master: 'main',
    nodes: [
      { host: 'a', port: 26379 },
      { host: '::1', port: 26380 },
    ],
  });
  assert.equal(sentinel.environment, 'prod');
  assert.equal(cluster.endpoint.kind, 'cluster');
  assert.deepEqual(cluster.tls, { ca: null });
  assert.deepEqual(
    [embedded.endpoint, embedded.embedded],
    [{ kind: 'socket', path: '/srv/state/broker/redis.sock' }, true],
  );
  assert.deepEqual((await settings('{ embedded: true }')).endpoint, {
    kind: 'socket',
    path: '/var/lib/celeroot/broker/redis.sock',
  });
});

test('the environment wins over a file, a file over clear text, clear text over the address', async () => {
  writeFileSync(join(folder, 'redis.password'), 'from-file\r\nsecond line\n');
  const all = '{ url: "redis://u:from-url@h", user: from-yaml, password: clear, password_file: redis.password }';

  const fromEnv = await settings(all, { CELEROOT_REDIS_PASSWORD: 'from-env', CELEROOT_REDIS_USER: 'env-user' });
  const fromFile = await settings(all);
  const clear = await settings('{ url: "redis://u:from-url@h", password: clear }');

  assert.deepEqual([fromEnv.user, fromEnv.password?.reveal()], ['env-user', 'from-env']);
  assert.deepEqual([fromFile.user, fromFile.password?.reveal()], ['from-yaml', 'from-file']);
  assert.deepEqual([clear.user, clear.password?.reveal()], ['u', 'clear']);
});

test('an embedded broker that listens has the controller’s login, once it was made, and keeps its socket', async () => {
  const env = { CELEROOT_STATE_DIR: folder, CELEROOT_REDIS_PASSWORD: 'not for this one' };
  const text = '{ embedded: true, listen: "[fd00::1]:6380", environment: prod }';
  const before = await settings(text, env);
  mkdirSync(join(folder, 'broker-access'));
  writeFileSync(join(folder, 'broker-access', 'ca.crt'), 'a certificate');
  writeFileSync(join(folder, 'broker-access', 'controller.password'), 'made\n');
  const made = await settings(text, env);

  const node = { host: 'fd00::1', port: 6380 };
  assert.deepEqual([before.listen, before.password], [{ node, ca: null }, null]);
  assert.deepEqual([made.listen, made.user], [{ node, ca: 'a certificate' }, 'celeroot-controller-prod']);
  assert.equal(made.password?.reveal(), 'made');
  assert.deepEqual([made.endpoint, made.tls], [{ kind: 'socket', path: join(folder, 'broker', 'redis.sock') }, null]);
  assert.equal((await settings('{ embedded: true }', env)).listen, null);
});

test('the certificate of an authority is read from its file', async () => {
  writeFileSync(join(folder, 'ca.pem'), '-----BEGIN CERTIFICATE-----\nx\n');
  writeFileSync(join(folder, 'not.pem'), 'x');

  assert.equal((await settings('{ url: rediss://h, ca_file: ca.pem }')).tls?.ca?.startsWith('-----BEGIN'), true);
  assert.deepEqual((await settings('{ url: rediss://h, ca: "-----BEGIN CERTIFICATE-----" }')).tls, {
    ca: '-----BEGIN CERTIFICATE-----',
  });
  assert.equal(await complaint('{ url: rediss://h, ca: x, ca_file: y }'), 'broker/ca: cannot stand beside ca_file');
  assert.equal(await complaint('{ url: rediss://h, ca_file: not.pem }'), 'broker/ca_file: holds no certificate in PEM');
  assert.equal(await complaint('{ url: rediss://h, ca_file: gone.pem }'), 'broker/ca_file: /gone.pem does not exist');
});

for (const [broker, expected] of [
  [`{ url: "http://u:${PASSWORD}@h" }`, 'broker/url: expected redis://host:port, rediss://host:port or unix:///path'],
  [`{ url: "redis://u:${PASSWORD}/x@h" }`, /^broker\/url: expected redis:\/\/host:port\/database; in a user/],
  [`{ url: "redis://u:${PASSWORD}%@h" }`, 'broker/url: a percent sign in the user or password is written %25'],
  [`{ url: "redis://u:${PASSWORD}@h/name" }`, 'broker/url: expected the number of a database after the slash'],
  [`{ url: "redis://u:${PASSWORD}@h?db=1" }`, 'broker/url: expected nothing after the number of the database'],
  ['{ url: "redis://h:0" }', 'broker/url: expected a port from 1 to 65535'],
  [
    '{ url: "unix://run/redis.sock" }',
    'broker/url: expected three slashes and an absolute path: unix:///run/redis.sock',
  ],
  [
    `{ url: "unix:///${'x'.repeat(110)}" }`,
    'broker/url: expected a path of at most 107 bytes, the limit of unix sockets',
  ],
  [`redis://u:${PASSWORD}@h`, 'broker: expected a mapping'],
  [`{ url: redis://h, pasword: ${PASSWORD} }`, 'broker/pasword: is not known here; did you mean password?'],
  [`{ url: redis://h, password: [${PASSWORD}] }`, 'broker/password: expected text, got a list'],
  ['{ url: redis://h, password: 123456 }', 'broker/password: expected text'],
  ['{ url: redis://h, ca_file2: x }', 'broker/ca_file2: is not known here; did you mean ca_file?'],
  [`{ url: redis://h, ${PASSWORD}: x }`, /^broker\/…: is not known here/],
  [
    '{ url: redis://h, environment: Prod }',
    'broker/environment: expected 1 to 32 lower-case letters, digits, hyphens or underscores, starting with a letter or digit',
  ],
  [`{ sentinel: { master: m, nodes: ["redis://:${PASSWORD}@h"] } }`, 'broker/sentinel/nodes/0: expected host:port'],
  ['{ cluster: { nodes: [h:70000] } }', 'broker/cluster/nodes/0: expected a port from 1 to 65535 after the colon'],
  ['{ url: rediss://h, tls: false }', 'broker/tls: cannot be false with rediss://'],
  ['{ url: unix:///x, tls: true }', 'broker/tls: is not possible over a unix socket'],
  ['{ url: redis://h, ca_file: x }', 'broker/ca_file: is of use only with tls: true or rediss://'],
  ['{ url: redis://h, user: ops }', 'broker/user: needs a password'],
  ['{ url: redis://h, password_file: gone }', 'broker/password_file: /gone does not exist'],
  [
    `{ embedded: true, password: ${PASSWORD} }`,
    'broker/password: is not used by the embedded broker, whose socket only root can open',
  ],
  ['{ url: redis://h, listen: h:6380 }', 'broker/listen: is of use only with embedded: true'],
  ['{ embedded: true, listen: 6380 }', 'broker/listen: expected text'],
  ['{ embedded: true, listen: h }', 'broker/listen: expected host:port'],
  ['{ embedded: true, listen: "h\\n:6380" }', 'broker/listen: expected host:port'],
  ['{ embedded: true, listen: "a,DNS:b:6380" }', 'broker/listen: expected host:port'],
  ['{ embedded: true, listen: "h$x:6380" }', 'broker/listen: expected a host name or an address before the port'],
  ['{ embedded: true, listen: "[fe80::1%25]:6380" }', 'broker/listen: expected host:port'],
  [
    '{ embedded: true, listen: "0.0.0.0:6380" }',
    /^broker\/listen: expected the name or the one address by which hosts/,
  ],
  ['{ embedded: true, listen: "[::]:6380" }', /^broker\/listen: expected the name or the one address by which hosts/],
  ['{ embedded: true, listen: h:443 }', /^broker\/listen: expected a port from 1024 to 65535 after the colon; Redis/],
  ['{ embedded: true, listen: h:65536 }', /^broker\/listen: expected a port from 1024 to 65535 after the colon/],
  ['{ embedded: true, listen: h:6380, tls: true }', 'broker/tls: goes without saying with listen'],
  [`{ url: redis://h, password: "${PASSWORD}`, 'a quoted text is not closed'],
  [`{ url: redis://h, password: ${PASSWORD}] }`, /^(?!.*hunter2)/],
  [`{ url: redis://h, password: "\\${PASSWORD}" }`, /^this escape after/],
  [`{ url: redis://h, password: *${PASSWORD} }`, /^broker\/password: there is no such anchor/],
] as const) {
  test(`a broker of ${broker.replace(PASSWORD, '…').slice(0, 60)} is refused without showing a password`, async () => {
    const said = await complaint(broker);
    if (typeof expected === 'string') assert.equal(said, expected);
    else assert.match(said, expected);
  });
}

test('no mistake around a password shows it', async () => {
  const around = fc.string({ unit: fc.constantFrom(...Array.from(' :#[]{},"\'\\*&!|>%@`\n-?ab')), maxLength: 6 });
  const key = fc.constantFrom('password', 'url', 'pasword', 'sentinel', 'x');
  await fc.assert(
    fc.asyncProperty(key, around, around, async (name, before, after) => {
      const error = await settings(`\n  ${name}: ${before}${PASSWORD}${after}\n`).then(
        () => null,
        (thrown: unknown) => thrown,
      );
      if (error === null) return;
      assert.ok(error instanceof ConfigError);
      assert.doesNotMatch(JSON.stringify([error.message, error.hint, error.details]), /hunter2/);
    }),
    { numRuns: 1000 },
  );
});
