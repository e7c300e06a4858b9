import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hostOfUser, hostUserName } from '../core/host-user.ts';
import { hostNameSchema, queueNameSchema, type HostName } from '../core/names.ts';
import { canonicalAcl, hostAcl, type AclScope } from './host-acl.ts';

const scope: AclScope = {
  environment: null,
  database: 0,
  endpoint: { kind: 'tcp', node: { host: 'redis', port: 6379 } },
};
const user = {
  host: hostNameSchema.parse('web1'),
  queues: [queueNameSchema.parse('web'), queueNameSchema.parse('web')],
  passwordSha256: `sha256:${'ab'.repeat(32)}`,
};

test('a host’s rules name its own keys only', () => {
  const rules = hostAcl(scope, user);

  assert.deepEqual(rules.slice(0, 6), [
    'on',
    `#${'ab'.repeat(32)}`,
    'resetchannels',
    '~{celeroot}:host.web1:*',
    '~{celeroot}:role.web:*',
    '-@all',
  ]);
  assert.deepEqual(
    rules.filter((rule) => rule.startsWith('(')),
    [
      '(~{celeroot}:presence:web1 ~{celeroot}:facts:web1 -@all +set +pexpire)',
      '(~{celeroot}:refusals:web1 ~{celeroot}:run:*:reports:web1 -@all +xadd +pexpire)',
      '(%R~{celeroot}:trust -@all +hget)',
      '(%R~{celeroot}:run:*:cancel -@all +get)',
    ],
  );
  assert.ok(!rules.some((rule) => rule.includes('+@')), 'commands are named, never categories');
});

test('another database and a Cluster each open the one command they need', () => {
  const cluster = { kind: 'cluster', nodes: [] } as const;

  assert.ok(hostAcl({ ...scope, database: 3 }, user).includes('+select|3'));
  assert.ok(!hostAcl(scope, user).some((rule) => rule.startsWith('+select')));
  assert.ok(hostAcl({ ...scope, endpoint: cluster }, user).includes('+cluster|slots'));
  assert.ok(hostAcl({ ...scope, environment: 'prod' }, user).includes('~{celeroot:prod}:host.web1:*'));
});

test('rules are compared without regard to order and to what Redis adds', () => {
  const listed =
    'on sanitize-payload #00 ~b ~a resetchannels -@all +set +get (%R~t resetchannels -@all +hget) (~p resetchannels -@all +set)';

  assert.equal(
    canonicalAcl(listed.split(' ')),
    canonicalAcl(['on', '#00', '~a', '~b', '+get', '+set', '(~p +set)', '(%R~t +hget)']),
  );
  assert.notEqual(canonicalAcl(['on', '~a']), canonicalAcl(['on', '~a', 'nopass']));
  assert.notEqual(canonicalAcl(['on', '~a']), canonicalAcl(['off', '~a']));
  assert.notEqual(canonicalAcl(['on', '(~a +get)']), canonicalAcl(['on', '~a', '+get']));
});

const hosts = fc
  .stringMatching(/^[a-z0-9][a-z0-9.-]{0,20}[a-z0-9]$/)
  .filter((name) => hostNameSchema.safeParse(name).success)
  .map((name): HostName => hostNameSchema.parse(name));
const environments = fc.option(fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,10}$/), { nil: null });

test('a user belongs to one host of one environment', () => {
  fc.assert(
    fc.property(hosts, environments, environments, (host, mine, other) => {
      const name = hostUserName(mine, host);

      assert.equal(hostOfUser(mine, name), host);
      if (other !== mine) assert.equal(hostOfUser(other, name), null);
    }),
  );
});

test('no host’s patterns match a key of another', () => {
  fc.assert(
    fc.property(hosts, hosts, (host, victim) => {
      fc.pre(host !== victim);
      const patterns = hostAcl(scope, { ...user, host })
        .flatMap((rule) => rule.replace(/^\(|\)$/g, '').split(' '))
        .filter((word) => word.startsWith('~'))
        .map((word) => new RegExp(`^${RegExp.escape(word.slice(1)).replaceAll('\\*', '.*')}$`));
      const run = '{celeroot}:run:01J00000000000000000000000';
      const theirs = [
        `host.${victim}:wait`,
        `presence:${victim}`,
        `facts:${victim}`,
        `refusals:${victim}`,
        'runs',
        'trust',
      ];
      const keys = [run, `${run}:reports:${victim}`, `${run}:reports:`, `${run}:cancel`];
      for (const key of [...keys, ...theirs.map((part) => `{celeroot}:${part}`)]) {
        assert.deepEqual(
          patterns.filter((pattern) => pattern.test(key)),
          [],
          key,
        );
      }
    }),
  );
});
