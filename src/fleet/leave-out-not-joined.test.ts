import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fleetConfig } from '../../test/support/fleet-config.ts';
import type { FleetConfig } from '../config/fleet-config.ts';
import { leaveOutNotJoined } from './leave-out-not-joined.ts';
import { assignToHost, assignToQueue } from './prepare-run.ts';

function fleetWithout(...names: readonly string[]): FleetConfig {
  const fleet = fleetConfig({ roles: { web: {} }, hosts: { web1: ['web'], web2: ['web'] } });
  const hosts = [...fleet.hosts].map(
    ([name, host]) => [name, { ...host, key: names.includes(name) ? null : host.key }] as const,
  );
  return { ...fleet, hosts: new Map(hosts) };
}

test('hosts that have not joined are left out and named', () => {
  const fleet = fleetWithout('web2');
  const [each, queue] = [[...fleet.hosts.keys()].map((name) => assignToHost(fleet, name)), [...fleet.roles.values()]];

  const joined = leaveOutNotJoined(fleet, each);
  const any = leaveOutNotJoined(fleet, [assignToQueue(fleet, queue[0]?.queues[0] ?? assert.fail())]);

  assert.deepEqual(
    joined.assignments.map(({ to }) => to),
    [{ kind: 'host', host: 'web1' }],
  );
  assert.deepEqual([joined.notJoined, any.notJoined], [['web2'], ['web2']]);
  assert.deepEqual(any.assignments[0]?.candidates, ['web1']);
});

test('when none is left it is an error that says what to type', () => {
  const fleet = fleetWithout('web1', 'web2');
  const each = [...fleet.hosts.keys()].map((name) => assignToHost(fleet, name));

  assert.throws(() => leaveOutNotJoined(fleet, each), {
    code: 'HOST_NOT_JOINED',
    message: 'web1, web2 have not joined: no key is recorded by which to believe them',
    hint: /celeroot hosts accept web1$/,
  });
});
