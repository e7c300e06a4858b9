import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Rollout } from '../core/rollout.ts';
import { DEADLINE_MS, RolloutWorld } from '../../test/support/rollout-world.ts';

const HOUR = 3_600_000;

function rollout(sizes: readonly number[], limits: Partial<Rollout> = {}): Rollout {
  const batches = sizes.map((size, index) => ({ name: String(index + 1), size, maxFailures: size }));
  return { batches, maxFailures: 0, maxUnreachable: 1000, soakMs: 0, ...limits };
}

/** Drives until nothing more can be done without somebody else, ending every host as `isGood` says. */
function driveOn(world: RolloutWorld, isGood: (host: string) => boolean = () => true): string {
  for (let step = 0; step < 1000; step += 1) {
    const decision = world.drive();
    if (decision.kind === 'wait') {
      if (decision.until !== null) world.now = decision.until;
      for (const host of world.underWay()) world.end(host, isGood(host));
    } else if (decision.kind !== 'release' && decision.kind !== 'settle') {
      return decision.kind;
    }
  }
  return 'never ends';
}

test('batch after batch until all is done', () => {
  const world = new RolloutWorld(rollout([1, 2, 2]));
  assert.equal(driveOn(world), 'finished');
  const given = world.entries.map((entry) => (entry.kind === 'released' ? entry.hosts.join() : entry.kind));
  assert.deepEqual(given, ['h0', 'settled', 'h1,h2', 'settled', 'h3,h4']);
});

test('a canary that fails is the only host harmed, and after a resume another canary goes first', () => {
  const world = new RolloutWorld(rollout([1, 2, 2]));
  assert.equal(
    driveOn(world, () => false),
    'stopped',
  );
  assert.deepEqual([...world.ended.keys()], ['h0']);
  assert.deepEqual(world.drive(), {
    kind: 'stopped',
    reason: { kind: 'failures', hosts: ['h0'], limit: 0, batch: null },
  });

  world.resume();
  assert.equal(driveOn(world), 'finished');
  const given = world.entries.flatMap((entry) => (entry.kind === 'released' ? [entry.hosts.join()] : []));
  assert.deepEqual(given, ['h0', 'h1', 'h2', 'h3,h4']);
});

test('though failures are allowed, a first batch in which all fail stops it', () => {
  const world = new RolloutWorld(rollout([2, 2], { maxFailures: 3 }));
  assert.equal(
    driveOn(world, () => false),
    'stopped',
  );
  assert.deepEqual([...world.ended.keys()], ['h0', 'h1']);
});

test('the limit of a batch counts beside that of the whole', () => {
  const limited = rollout([3, 3], { maxFailures: 6 });
  const batches = limited.batches.map((batch) => ({ ...batch, maxFailures: 1 }));
  const world = new RolloutWorld({ ...limited, batches });
  assert.equal(
    driveOn(world, (host) => host === 'h2'),
    'stopped',
  );
  assert.partialDeepStrictEqual(world.drive(), { reason: { kind: 'failures', limit: 1, batch: 0 } });
});

test('it soaks after each batch, from when that had ended', () => {
  const world = new RolloutWorld(rollout([1, 1], { soakMs: HOUR }));
  world.drive();
  world.end(world.hosts[0] ?? assert.fail(), true);
  world.now += 5000;
  const settledAt = world.now;
  assert.equal(world.drive().kind, 'settle');
  world.now += HOUR - 1;
  assert.deepEqual(world.drive(), { kind: 'wait', for: 'soak', until: settledAt + HOUR });
  world.now += 1;
  assert.deepEqual(world.drive(), { kind: 'release', batch: 1, hosts: ['h1'] });
});

test('without a soak the next batch begins at once, also where the clock of Redis is a little ahead', () => {
  const world = new RolloutWorld(rollout([1, 1]));
  world.drive();
  world.end(world.hosts[0] ?? assert.fail(), true);
  world.entries.push({ kind: 'settled', at: world.now + 5 });
  assert.deepEqual(world.drive(), { kind: 'release', batch: 1, hosts: ['h1'] });
});

test('a host that is away is passed over and done when it is back', () => {
  const world = new RolloutWorld(rollout([1, 2, 1]));
  const [, away = assert.fail()] = world.hosts;
  world.away.add(away);
  assert.equal(driveOn(world), 'wait-offline');
  assert.deepEqual([...world.ended.keys()], ['h0', 'h2', 'h3']);
  world.away.delete(away);
  assert.equal(driveOn(world), 'finished');
  assert.equal(world.ended.size, 4);
});

test('nothing goes on while no canary can be reached, or too many hosts cannot', () => {
  const world = new RolloutWorld(rollout([1, 3, 1], { maxUnreachable: 1 }));
  const [canary = assert.fail(), second = assert.fail(), third = assert.fail()] = world.hosts;
  world.away.add(canary);
  assert.deepEqual(world.drive(), { kind: 'wait-offline', hosts: ['h0'], limit: null });

  world.away.delete(canary);
  for (const host of [second, third]) world.away.add(host);
  assert.equal(driveOn(world), 'wait-offline');
  assert.deepEqual(world.drive(), { kind: 'wait-offline', hosts: ['h1', 'h2'], limit: 1 });
});

test('many that come back at once have their turns in pieces of the batch that is under way', () => {
  const world = new RolloutWorld(rollout([1, 4, 1, 1]));
  const [, ...others] = world.hosts;
  const away = others.slice(0, 4);
  for (const host of away) world.away.add(host);
  world.drive();
  world.end(world.hosts[0] ?? assert.fail(), true);
  world.drive();
  assert.deepEqual(world.drive(), { kind: 'release', batch: 2, hosts: ['h5'] });
  for (const host of away) world.away.delete(host);
  assert.equal(world.drive().kind, 'wait');
  world.end(others[4] ?? assert.fail(), true);
  assert.deepEqual(world.drive(), { kind: 'release', batch: 2, hosts: ['h1'] });
});

test('one that comes back waits until no host of another zone is under way', () => {
  const world = new RolloutWorld(inZones(rollout([2, 2]), ['north', 'south']));
  const [first = assert.fail(), away = assert.fail(), third = assert.fail()] = world.hosts;
  world.away.add(away);
  world.away.add(world.hosts[3] ?? assert.fail());
  world.drive();
  world.end(first, true);
  world.drive();
  assert.deepEqual(world.drive(), { kind: 'release', batch: 1, hosts: [third] });
  world.away.delete(away);
  assert.deepEqual(world.drive(), { kind: 'wait', for: 'hosts', until: null });
  world.end(third, true);
  assert.deepEqual(world.drive(), { kind: 'release', batch: 1, hosts: [away] });
});

test('no batch follows one in which nobody has done his job, though so many failures are allowed', () => {
  const world = new RolloutWorld(rollout([2, 2], { maxFailures: 3 }));
  const [away = assert.fail()] = world.hosts;
  world.away.add(away);
  assert.equal(
    driveOn(world, () => false),
    'wait-offline',
  );
  assert.deepEqual([...world.ended.keys()], ['h1']);
});

test('silence beyond what a job may take is a failure, until the host says otherwise', () => {
  const world = new RolloutWorld(rollout([1, 1]));
  const [canary = assert.fail()] = world.hosts;
  world.drive();
  world.accept(canary);
  world.away.add(canary);
  assert.equal(world.drive().kind, 'wait');
  world.now += DEADLINE_MS + HOUR;
  assert.deepEqual(world.drive(), {
    kind: 'stopped',
    reason: { kind: 'failures', hosts: ['h0'], limit: 0, batch: null },
  });

  world.away.delete(canary);
  assert.equal(driveOn(world), 'stopped');
  world.end(canary, true);
  assert.equal(driveOn(world), 'finished');
});

test('after a resume a host that stays silent takes no room of the batches that are left', () => {
  const world = new RolloutWorld(rollout([1, 1, 1]));
  const [canary = assert.fail()] = world.hosts;
  world.drive();
  world.accept(canary);
  world.away.add(canary);
  world.now += DEADLINE_MS + HOUR;
  assert.equal(world.drive().kind, 'stopped');
  world.resume();
  assert.deepEqual(world.drive(), { kind: 'release', batch: 0, hosts: ['h1'] });

  world.away.delete(canary);
  world.accept(canary);
  world.end(world.hosts[1] ?? assert.fail(), true);
  world.drive();
  assert.equal(world.drive().kind, 'wait', 'a host that is heard of again is under way');
});

test('a pause holds what has not begun, and lasts until it is resumed', () => {
  const world = new RolloutWorld(rollout([1, 2]));
  world.drive();
  world.pause();
  world.end(world.hosts[0] ?? assert.fail(), true);
  assert.partialDeepStrictEqual(world.drive(), { kind: 'paused', by: 'tester@here' });
  world.resume();
  world.repeatActs();
  assert.equal(driveOn(world), 'finished');
});

type Action =
  | { readonly kind: 'drive' | 'die' | 'repeat' | 'pause' | 'resume' | 'repeat-acts' }
  | { readonly kind: 'end'; readonly host: number; readonly good: boolean }
  | { readonly kind: 'accept' | 'leave' | 'return'; readonly host: number }
  | { readonly kind: 'sleep'; readonly ms: number };

const host = fc.nat(40);
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Action>({ kind: 'drive' }) },
  { weight: 1, arbitrary: fc.constantFrom<Action>({ kind: 'die' }, { kind: 'repeat' }, { kind: 'repeat-acts' }) },
  { weight: 1, arbitrary: fc.constantFrom<Action>({ kind: 'pause' }, { kind: 'resume' }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('end' as const), host, good: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('accept' as const, 'leave' as const, 'return' as const),
      host,
    }),
  },
  { weight: 1, arbitrary: fc.nat(DEADLINE_MS * 10).map((ms): Action => ({ kind: 'sleep', ms })) },
);

/** The zones of batches, in turn; none where it does not matter in which hosts are. */
const anyZones = fc.option(fc.array(fc.constantFrom('north', 'south', 'west'), { minLength: 1, maxLength: 4 }));

function inZones(rules: Rollout, zones: readonly string[] | null): Rollout {
  if (zones === null) return rules;
  const batches = rules.batches.map((batch, index) => ({ ...batch, group: zones[index % zones.length] ?? '' }));
  return { ...rules, batches };
}

const anyRollout: fc.Arbitrary<Rollout> = fc
  .record({
    zones: anyZones,
    sizes: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 6 }),
    maxFailures: fc.nat(4),
    maxUnreachable: fc.nat(10),
    soakMs: fc.constantFrom(0, DEADLINE_MS),
  })
  .map(({ zones, sizes, ...limits }) => inZones(rollout(sizes, limits), zones));

/** Drives, and holds what is released against what may be: all that no sequence of events may break. */
function driveWatched(world: RolloutWorld, dies: boolean): void {
  const view = world.view();
  const underWay = world.underWay().filter((each) => !view.forgiven.has(each));
  const before = { underWay: underWay.length, failures: world.failures(), view };
  const decision = world.drive(dies);
  if (decision.kind !== 'release') return;
  const size = before.view.batches[decision.batch]?.length ?? 0;
  assert.ok(decision.hosts.length > 0);
  assert.ok(
    before.underWay + decision.hosts.length <= size,
    'more than a batch is under way, apart from silent hosts that were forgiven',
  );
  const zones = new Set([...underWay, ...decision.hosts].map((each) => view.groups.get(each)));
  assert.equal(zones.size, 1, 'hosts of two zones are under way');
  assert.ok(before.failures <= world.rollout.maxFailures, 'it goes on after too many failures');
  assert.equal(before.view.paused, null);
  for (const each of decision.hosts) assert.ok(!world.away.has(each) && !world.ended.has(each));
  if (decision.batch > 0) {
    const done = before.view.batches.slice(0, decision.batch).flat();
    assert.ok(
      done.some((each) => world.ended.get(each) === true),
      'it grows without any success',
    );
  }
}

function happen(world: RolloutWorld, event: Action): void {
  const nth = 'host' in event ? event.host % world.hosts.length : 0;
  const meant = world.hosts[nth] ?? assert.fail();
  const acts: Readonly<Record<Action['kind'], () => unknown>> = {
    drive: () => driveWatched(world, false),
    die: () => driveWatched(world, true),
    end: () => world.end(meant, 'good' in event && event.good),
    accept: () => world.accept(meant),
    leave: () => world.away.add(meant),
    return: () => world.away.delete(meant),
    sleep: () => (world.now += 'ms' in event ? event.ms : 0),
    repeat: () => world.repeatReports(),
    'repeat-acts': () => world.repeatActs(),
    pause: () => world.pause(),
    resume: () => world.resume(),
  };
  acts[event.kind]();
}

test('no sequence of results, losses, repetitions and deaths goes beyond batch or budget, and all of them can be finished', () => {
  fc.assert(
    fc.property(anyRollout, fc.array(action, { maxLength: 120 }), (rules, events) => {
      const world = new RolloutWorld(rules);
      for (const event of events) happen(world, event);

      const largest = Math.max(...rules.batches.map(({ size }) => size));
      assert.ok(world.failures() <= rules.maxFailures + largest);
      for (const each of world.hosts) world.away.delete(each);
      for (let round = 0; round < 50 && !world.hasEnded(); round += 1) {
        const end = driveOn(world);
        if (end === 'stopped' || end === 'paused') {
          for (const each of world.underWay()) world.end(each, true);
          world.resume();
        }
      }
      assert.ok(world.hasEnded());
      assert.equal(world.ended.size, world.hosts.length);
    }),
    { numRuns: 500 },
  );
});
