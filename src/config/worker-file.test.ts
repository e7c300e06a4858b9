import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { BrokerSettings } from '../core/broker-settings.ts';
import { ConnectionError } from '../core/errors.ts';
import type { FleetConfig } from './fleet-config.ts';
import { namedHost } from './named-host.ts';
import { parseFleet, parseWorker } from './parse-config.ts';
import { renderWorkerFile } from './worker-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'celeroot-worker-file-'));
after(() => rmSync(folder, { recursive: true }));

const CA = '-----BEGIN CERTIFICATE-----\nMIIBszCCAVmg\nAwIBAgIU\n-----END CERTIFICATE-----\n';
writeFileSync(join(folder, 'ca.pem'), CA);

/** The worker file of web1 in a fleet with this broker, and the broker of both. */
async function written(broker: string): Promise<{ text: string; fleet: BrokerSettings; worker: BrokerSettings }> {
  const fleet = parseFleet(
    {
      file: join(folder, 'celeroot.yaml'),
      text: `version: 1
fleet: "12"
roots: [ed25519:11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=]
broker: ${broker}
roles:
  web: { description: "not: needed", concurrency: 2, exclude: [linux-*, "*-dbg"] }
  db: {}
hosts:
  web1: { roles: [web], address: 10.0.0.1 }
`,
    },
    {},
  );
  const [host] = fleet.hosts.values();
  assert.ok(host);
  const text = renderWorkerFile(fleet, host, { leastTrust: 7 });
  writeFileSync(join(folder, 'redis.password'), 'hunter2\n');
  const worker = parseWorker({ file: join(folder, 'worker.yaml'), text }, null, {});
  assert.deepEqual([worker.fleet, worker.host, worker.roots], [fleet.fleet, host.name, fleet.roots]);
  assert.equal(worker.leastTrust, 7);
  const before = text.replace('least_trust: 7\n', '');
  assert.equal(parseWorker({ file: join(folder, 'worker.yaml'), text: before }, null, {}).leastTrust, 1);
  const [role] = worker.roles;
  assert.deepEqual([worker.roles.length, role?.name, role?.concurrency], [1, 'web', 2]);
  assert.deepEqual([role?.tasks, role?.exclude, role?.queues], [['*'], ['linux-*', '*-dbg'], ['web']]);
  return { text, fleet: fleet.broker, worker: worker.broker };
}

for (const broker of [
  '{ embedded: true }',
  '{ url: "redis://10.0.0.1:6400/2" }',
  '{ url: "rediss://[::1]", ca_file: ca.pem, environment: prod }',
  '{ url: unix:///run/redis.sock, password: hunter2 }',
  '{ sentinel: { master: m, nodes: [a:1, "[::1]:2"] }, user: ops, password: hunter2 }',
  '{ cluster: { nodes: [a:1, b:2] }, tls: true, ca_file: ca.pem }',
  '{ url: "rediss://ops:hunter2@h" }',
]) {
  test(`a worker file finds the broker ${broker} and holds no password`, async () => {
    const { text, fleet, worker } = await written(broker);

    assert.deepEqual(
      { ...worker, password: worker.password?.reveal() },
      { ...fleet, password: fleet.password?.reveal() },
    );
    assert.doesNotMatch(text, /hunter2/);
    assert.equal(/first line of redis\.password/.test(text), fleet.password !== null);
  });
}

test('the certificate of an authority is written in lines', async () => {
  const { text } = await written('{ url: rediss://h, ca_file: ca.pem }');

  assert.match(text, / {2}ca: \|\n {4}-----BEGIN CERTIFICATE-----\n {4}MIIBszCCAVmg\n/);
});

/** A fleet whose embedded broker listens, of which celeroot has made what hosts pin, or not yet. */
function listening(made: boolean): FleetConfig {
  const stateDir = join(folder, made ? 'started' : 'new');
  mkdirSync(join(stateDir, 'broker-access'), { recursive: true });
  if (made) {
    writeFileSync(join(stateDir, 'broker-access', 'ca.crt'), CA);
    writeFileSync(join(stateDir, 'broker-access', 'controller.password'), 'hunter2\n');
  }
  return parseFleet(
    {
      file: join(folder, 'celeroot.yaml'),
      text: `version: 1
fleet: test
roots: [ed25519:11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=]
broker: { embedded: true, listen: "ctl.example.org:6380" }
roles: { web: {} }
hosts: { web1: { roles: [web] } }
`,
    },
    { CELEROOT_STATE_DIR: stateDir },
  );
}

test('of an embedded broker that listens a host is told address and authority, and has a login of its own', () => {
  const fleet = listening(true);
  const text = renderWorkerFile(fleet, namedHost(fleet, 'web1'), { leastTrust: 1 });

  const { broker } = parseWorker({ file: join(folder, 'worker.yaml'), text }, null, {});

  assert.deepEqual(broker.endpoint, { kind: 'tcp', node: { host: 'ctl.example.org', port: 6380 } });
  assert.deepEqual([broker.tls, broker.user, broker.embedded], [{ ca: CA }, 'celeroot.web1', false]);
  assert.doesNotMatch(text, /hunter2|controller/);
});

test('before it was started there is no authority, and no worker file', () => {
  const fleet = listening(false);

  assert.throws(
    () => renderWorkerFile(fleet, namedHost(fleet, 'web1'), { leastTrust: 1 }),
    (error: unknown) => error instanceof ConnectionError && /has no certificate yet/.test(error.message),
  );
});
