import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CelerootError, RejectedError } from '../core/errors.ts';
import { type Edit, editText } from './edit.ts';
import type { FleetConfig } from './fleet-config.ts';
import { addHost, changeHost, removeHost, renameHost } from './host-edits.ts';
import { parseFleet } from './parse-config.ts';
import { addRole, changeRole, removeRole } from './role-edits.ts';

const HEAD = `version: 1
fleet: test
roots: [ed25519:11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=]
broker: { embedded: true }
`;
const TEXT = `${HEAD}roles:
  web:
    tasks: [apt.*] # packages only
  db:
hosts:
  # first
  web1: { roles: [web] }
  web2:
    roles:
      - web
    address: 10.0.0.2
`;

const fleet = parseFleet({ file: '/srv/celeroot.yaml', text: TEXT }, {});

/** The text after an edit, without its head; it must be valid. */
async function edited(make: (config: FleetConfig) => readonly Edit[]): Promise<string> {
  const text = editText(TEXT, make(fleet));
  parseFleet({ file: '/srv/celeroot.yaml', text }, {});
  return text.slice(HEAD.length);
}

function codeOf(make: () => unknown): string {
  try {
    make();
  } catch (error) {
    assert.ok(error instanceof CelerootError && error.hint !== undefined);
    return `${error.code}: ${error.message}`;
  }
  return assert.fail('expected an error');
}

const nothing = { addRoles: [], removeRoles: [], address: undefined, description: undefined };
const same = { add: [], remove: [] };
const asItWas = { description: undefined, concurrency: null, queues: same, tasks: same, exclude: same };

test('a renamed host keeps its labels, which roll-outs go by', () => {
  const text = `${HEAD}roles: { web: }\nhosts:\n  web1: { roles: [web], labels: { zone: north, rack: "4" } }\n`;
  const file = '/srv/celeroot.yaml';

  const renamed = editText(text, renameHost(parseFleet({ file, text }, {}), 'web1', 'shop1'));

  const [host] = parseFleet({ file, text: renamed }, {}).hosts.values();
  assert.deepEqual([host?.name, host?.labels], ['shop1', { zone: 'north', rack: '4' }]);
});

test('a host is added with what was said of it', async () => {
  const text = await edited((config) =>
    addHost(config, 'db1', { roles: ['db', 'db'], address: 'db1.example.org', description: 'Primary: rack 4' }),
  );

  assert.ok(
    text.endsWith(
      '    address: 10.0.0.2\n  db1:\n    address: db1.example.org\n    roles: [db]\n    description: "Primary: rack 4"\n',
    ),
  );
});

test('a host changes roles, address and description', async () => {
  const change = { ...nothing, addRoles: ['db'], removeRoles: ['web'], address: '', description: 'x' };

  const text = await edited((config) => changeHost(config, 'web2', change));

  assert.match(text, / {2}web2:\n {4}roles:\n {6}- db\n {4}description: x\n$/);
});

test('a host is removed', async () => {
  assert.match(await edited((config) => removeHost(config, 'web1')), /hosts:\n {2}# first\n {2}web2:/);
});

test('a role is added, also with all defaults', async () => {
  const role = { description: 'Mail', queues: ['mx'], tasks: ['*'], exclude: [], concurrency: 2 };
  const defaults = { description: null, queues: [], tasks: [], exclude: [], concurrency: null };

  const text = await edited((config) => [...addRole(config, 'mail', role), ...addRole(config, 'any', defaults)]);

  assert.match(
    text,
    / {2}mail:\n {4}description: Mail\n {4}queues: \[mx\]\n {4}concurrency: 2\n {4}tasks: \["\*"\]\n {2}any: \{\}\n/,
  );
});

test('a role changes, and what was a default is written out', async () => {
  const web = { ...asItWas, concurrency: 8, tasks: { add: ['system.*'], remove: [] }, description: 'Web' };
  const db = { ...asItWas, queues: { add: ['backup'], remove: [] }, exclude: { add: ['libpq5'], remove: [] } };

  const text = await edited((config) => [...changeRole(config, 'web', web), ...changeRole(config, 'db', db)]);

  assert.match(text, /tasks: \[apt\.\*, system\.\*\] # packages only\n {4}concurrency: 8\n {4}description: Web\n/);
  assert.match(text, / {2}db:\n {4}queues: \[db, backup\]\n {4}exclude: \[libpq5\]\nhosts:/);
});

test('a role that no host has is removed', async () => {
  assert.doesNotMatch(await edited((config) => removeRole(config, 'db')), /db/);
});

test('a role that hosts have is not removed, and they are named', () => {
  assert.throws(
    () => removeRole(fleet, 'web'),
    (error) =>
      error instanceof RejectedError &&
      error.code === 'ROLE_IN_USE' &&
      error.message === 'role web is still applied to 2 hosts: web1, web2' &&
      error.hint === 'take it off them first, e.g.  celeroot hosts edit web1 --remove-role web',
  );
});

test('of many hosts that have a role ten are named, and all are in the details', () => {
  const hosts = Array.from({ length: 12 }, (_, at) => `  h${at}: { roles: [web] }\n`).join('');
  const many = parseFleet({ file: '/srv/celeroot.yaml', text: `${HEAD}roles: { web: {} }\nhosts:\n${hosts}` }, {});

  assert.throws(
    () => removeRole(many, 'web'),
    (error) =>
      error instanceof RejectedError &&
      error.message.endsWith('to 12 hosts: h0, h1, h2, h3, h4, h5, h6, h7, h8, h9 and 2 more') &&
      JSON.stringify(error.details?.['hosts']).includes('"h11"'),
  );
});

for (const [make, expected] of [
  [
    () => addHost(fleet, 'web1', { roles: ['web'], address: null, description: null }),
    /^HOST_EXISTS: host web1 is already/,
  ],
  [
    () => addHost(fleet, 'x', { roles: ['wbe'], address: null, description: null }),
    /^UNKNOWN_ROLE: there is no role wbe/,
  ],
  [
    () => addHost(fleet, 'x', { roles: [], address: null, description: null }),
    /^USAGE: roles: expected at least 1 entry/,
  ],
  [
    () => addHost(fleet, 'ls', { roles: ['web'], address: null, description: null }),
    /^USAGE: "ls" cannot be the name of a host: this is a word of/,
  ],
  [
    () => addHost(fleet, 'WEB', { roles: ['web'], address: null, description: null }),
    /^USAGE: "WEB" cannot be the name of a host: expected/,
  ],
  [
    () => changeHost(fleet, 'web1', { ...nothing, removeRoles: ['web'] }),
    /^USAGE: host web1 would be left without a role/,
  ],
  [() => changeHost(fleet, 'web1', { ...nothing, removeRoles: ['db'] }), /^USAGE: host web1 does not have the role db/],
  [() => changeHost(fleet, 'web9', nothing), /^UNKNOWN_HOST: there is no host web9/],
  [
    () => changeHost(fleet, 'web1', { ...nothing, address: 'x'.repeat(300) }),
    /^USAGE: address: expected a host name, an IPv4 or an IPv6 address, got "x/,
  ],
  [() => removeHost(fleet, 'web9'), /^UNKNOWN_HOST/],
  [
    () => addRole(fleet, 'web', { description: null, queues: [], tasks: [], exclude: [], concurrency: null }),
    /^ROLE_EXISTS/,
  ],
  [
    () => addRole(fleet, 'x', { description: null, queues: [], tasks: ['vim'], exclude: [], concurrency: null }),
    /^USAGE: tasks\/0: expected a task such as/,
  ],
  [
    () => changeRole(fleet, 'web', { ...asItWas, concurrency: 0 }),
    /^USAGE: concurrency: expected a whole number of 1 or more, got 0/,
  ],
  [
    () => changeRole(fleet, 'web', { ...asItWas, tasks: { add: [], remove: ['x.y'] } }),
    /^USAGE: role web has no x\.y among its tasks/,
  ],
  [
    () => changeHost(fleet, 'web1', { ...nothing, description: 'one\ntwo' }),
    /^USAGE: description: expected one line without control characters/,
  ],
  [
    () => changeRole(fleet, 'web', { ...asItWas, tasks: { add: [], remove: ['apt.*'] } }),
    /^USAGE: role web would be left without a task/,
  ],
  [
    () => changeRole(fleet, 'db', { ...asItWas, tasks: { add: [], remove: ['*'] } }),
    /^USAGE: role db would be left without a task/,
  ],
  [() => removeRole(fleet, 'wbe'), /^UNKNOWN_ROLE/],
] as const) {
  test(`refused: ${expected.source}`, () => {
    assert.match(codeOf(make), expected);
  });
}
