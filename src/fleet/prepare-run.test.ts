import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fleetConfig } from '../../test/support/fleet-config.ts';
import type { Target } from '../core/host-selector.ts';
import { prepareRun, type RunRequest } from './prepare-run.ts';

const fleet = fleetConfig({
  roles: {
    web: { exclude: ['linux-image-*'] },
    tools: { queues: ['web', 'tools'], exclude: ['php*', 'linux-image-*'] },
    readonly: { tasks: ['system.*'], queues: [] },
  },
  hosts: { web1: ['web'], web2: ['web', 'tools'], ro1: ['readonly'], ro2: ['readonly', 'tools'] },
});

function request(target: Partial<Target>, overrides: Partial<RunRequest> = {}): RunRequest {
  const to = { kind: 'hosts', target: { roles: [], hosts: [], all: false, exclude: [], ...target } } as const;
  return { task: 'system.ping', args: {}, to, dryRun: false, expiresInMs: 60_000, deadlineMs: 60_000, ...overrides };
}

test('each host gets a job in its own queue, with what its roles exclude, each pattern once', () => {
  const { assignments } = prepareRun(fleet, request({ roles: ['web'] }));
  assert.deepEqual(assignments, [
    { to: { kind: 'host', host: 'web1' }, candidates: ['web1'], exclude: ['linux-image-*'], expectedPlan: null },
    {
      to: { kind: 'host', host: 'web2' },
      candidates: ['web2'],
      exclude: ['linux-image-*', 'php*'],
      expectedPlan: null,
    },
  ]);
});

test('--any is one job in the first queue of the role, for every host that serves it by any role', () => {
  const { assignments, target } = prepareRun(fleet, request({}, { to: { kind: 'any', role: 'web' } }));
  assert.equal(target, 'any host of role web');
  assert.deepEqual(assignments, [
    {
      to: { kind: 'any', queue: 'web' },
      candidates: ['web1', 'web2', 'ro2'],
      exclude: ['linux-image-*', 'php*'],
      expectedPlan: null,
    },
  ]);
});

test('a role without queues cannot be asked for any of its hosts', () => {
  assert.throws(() => prepareRun(fleet, request({}, { to: { kind: 'any', role: 'readonly' } })), {
    code: 'NO_HOST_MATCHED',
    message: 'role readonly has no queue of its own',
  });
});

test('a task is allowed when any role of the host allows it, and refused with all hosts named otherwise', () => {
  assert.throws(
    () => prepareRun(fleet, request({ all: true }, { task: 'apt.install', args: { packages: ['curl'] } })),
    {
      code: 'TASK_NOT_ALLOWED',
      message: 'apt.install is not allowed by the roles of ro1',
      details: { task: 'apt.install', hosts: ['ro1'] },
    },
  );
});

test('a task for any host is refused when the roles that serve the queue do not allow it, whatever others do', () => {
  const mixed = fleetConfig({
    roles: { readonly: { tasks: ['system.*'], queues: ['look'] }, admin: {} },
    hosts: { both1: ['readonly', 'admin'] },
  });
  const install = { task: 'apt.install', args: { packages: ['curl'] } };
  assert.throws(() => prepareRun(mixed, request({}, { ...install, to: { kind: 'any', role: 'readonly' } })), {
    code: 'TASK_NOT_ALLOWED',
    message: 'apt.install is not allowed by the roles of both1 that serve the queue look',
    hint: 'name a host that may with --host, or add apt.install to  tasks:  of those roles',
  });
  prepareRun(mixed, request({}, { to: { kind: 'any', role: 'readonly' } }));
  prepareRun(mixed, request({ hosts: ['both1'] }, install));
});

test('wrong arguments are named with their values, all at once', () => {
  const args = { packages: ['vim-'], latest: 'yes', frob: true };
  assert.throws(
    () => prepareRun(fleet, request({ hosts: ['web1'] }, { task: 'apt.install', args })),
    (error: Error & { code?: string }) => {
      assert.equal(error.code, 'INVALID_ARGUMENTS');
      assert.match(
        error.message,
        /^apt\.install: packages\/0: "vim-": [^"]+; latest: .*boolean.*, got "yes"; .*"frob"$/,
      );
      return true;
    },
  );
});

test('a choice that is none is refused with those there are', () => {
  assert.throws(
    () => prepareRun(fleet, request({ hosts: ['web1'] }, { task: 'apt.upgrade', args: { mode: 'fast' } })),
    {
      message: 'apt.upgrade: mode: expected safe or full, got "fast"',
    },
  );
});

test('a missing argument is said to be missing', () => {
  assert.throws(() => prepareRun(fleet, request({ hosts: ['web1'] }, { task: 'apt.install' })), {
    message: /^apt\.install: packages: .*, it is missing$/,
  });
});
