import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CelerootError } from './errors.ts';
import { describeTarget, selectHosts, type HostIndex, type Target } from './host-selector.ts';
import { hostNameSchema, roleNameSchema } from './names.ts';

const roleNames = ['web', 'db', 'cache'].map((name) => roleNameSchema.parse(name));
const hostNames = ['web1', 'web2', 'web10', 'db1', 'db2'].map((name) => hostNameSchema.parse(name));

const fleetArbitrary: fc.Arbitrary<HostIndex> = fc
  .uniqueArray(
    fc.tuple(fc.constantFrom(...hostNames), fc.uniqueArray(fc.constantFrom(...roleNames), { minLength: 1 })),
    { selector: ([name]) => name },
  )
  .map((entries) => ({
    roles: new Map(roleNames.map((name) => [name, null])),
    hosts: new Map(entries.map(([name, roles]) => [name, { roles }])),
  }));

const wordArbitrary = fc.constantFrom('web1', 'web2', 'web10', 'db1', 'db2', 'web*', '*1', 'db?', 'x*');
const targetArbitrary: fc.Arbitrary<Target> = fc.record({
  roles: fc.array(fc.constantFrom('web', 'db', 'cache'), { maxLength: 2 }),
  hosts: fc.array(wordArbitrary, { maxLength: 2 }),
  all: fc.boolean(),
  exclude: fc.array(fc.oneof(wordArbitrary, fc.constantFrom('@web', '@db')), { maxLength: 2 }),
});

const nothing: Target = { roles: [], hosts: [], all: false, exclude: [] };

function select(fleet: HostIndex, target: Partial<Target>): readonly string[] {
  try {
    return selectHosts(fleet, { ...nothing, ...target });
  } catch (error) {
    if (error instanceof CelerootError) return [];
    throw error;
  }
}

function codeOf(target: Partial<Target>, fleet: HostIndex = threeHosts): string | null {
  try {
    selectHosts(fleet, { ...nothing, ...target });
    return null;
  } catch (error) {
    assert.ok(error instanceof CelerootError);
    return error.code;
  }
}

const [web, db] = roleNames as [(typeof roleNames)[0], (typeof roleNames)[0]];
const threeHosts: HostIndex = {
  roles: new Map([
    [web, null],
    [db, null],
  ]),
  hosts: new Map([
    [hostNameSchema.parse('web1'), { roles: [web] }],
    [hostNameSchema.parse('web2'), { roles: [web, db] }],
    [hostNameSchema.parse('db1'), { roles: [db] }],
  ]),
};

test('selected hosts are of the fleet, each once, in its order', () => {
  fc.assert(
    fc.property(fleetArbitrary, targetArbitrary, (fleet, target) => {
      const selected = new Set(select(fleet, target));
      assert.deepEqual(
        select(fleet, target),
        [...fleet.hosts.keys()].filter((name) => selected.has(name)),
      );
    }),
  );
});

test('an excluded host is never selected', () => {
  fc.assert(
    fc.property(fleetArbitrary, targetArbitrary, fc.constantFrom(...hostNames), (fleet, target, host) => {
      assert.ok(!select(fleet, { ...target, exclude: [...target.exclude, host] }).includes(host));
    }),
  );
});

test('two roles select the union of what each selects', () => {
  fc.assert(
    fc.property(fleetArbitrary, fc.constantFrom(...roleNames), fc.constantFrom(...roleNames), (fleet, a, b) => {
      const union = new Set([...select(fleet, { roles: [a] }), ...select(fleet, { roles: [b] })]);
      assert.deepEqual(new Set(select(fleet, { roles: [a, b] })), union);
    }),
  );
});

test('a further word never takes a host away, a further exclusion never adds one', () => {
  fc.assert(
    fc.property(fleetArbitrary, targetArbitrary, fc.constantFrom('web*', '*1', 'db?'), (fleet, target, word) => {
      fc.pre(codeOf(target, fleet) === null);
      const before = select(fleet, target);
      const wider = select(fleet, { ...target, hosts: [...target.hosts, word] });
      const narrower = select(fleet, { ...target, exclude: [...target.exclude, word] });
      assert.ok(before.every((host) => wider.includes(host)));
      assert.ok(narrower.every((host) => before.includes(host)));
    }),
  );
});

test('roles and globs and names add up, exclusions by role take away', () => {
  assert.deepEqual(select(threeHosts, { roles: ['web'], hosts: ['db*'] }), ['web1', 'web2', 'db1']);
  assert.deepEqual(select(threeHosts, { all: true, exclude: ['@db'] }), ['web1']);
});

test('a name that is not there is an error wherever it stands', () => {
  assert.equal(codeOf({ hosts: ['wbe1'] }), 'UNKNOWN_HOST');
  assert.equal(codeOf({ all: true, exclude: ['wbe1'] }), 'UNKNOWN_HOST');
  assert.equal(codeOf({ roles: ['wep'] }), 'UNKNOWN_ROLE');
  assert.equal(codeOf({ all: true, exclude: ['@wep'] }), 'UNKNOWN_ROLE');
});

test('an unknown host comes with what may have been meant', () => {
  assert.throws(() => selectHosts(threeHosts, { ...nothing, hosts: ['wbe1'] }), { hint: 'did you mean web1?' });
});

test('no target is a usage error, an empty target a refusal', () => {
  assert.equal(codeOf({}), 'USAGE');
  assert.equal(codeOf({ hosts: ['mail*'] }), 'NO_HOST_MATCHED');
  assert.equal(codeOf({ roles: ['db'], exclude: ['*'] }), 'NO_HOST_MATCHED');
});

test('an empty fleet says how to add a host', () => {
  const empty: HostIndex = { roles: threeHosts.roles, hosts: new Map() };
  assert.throws(() => selectHosts(empty, { ...nothing, all: true }), /no host matches all hosts/);
});

test('a target is described as it was meant', () => {
  assert.equal(
    describeTarget({ roles: ['web'], hosts: ['db*'], all: false, exclude: ['web1'] }),
    'role web, host db*, without web1',
  );
});
