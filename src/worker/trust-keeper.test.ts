import assert from 'node:assert/strict';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fleetNameSchema, hostNameSchema } from '../core/names.ts';
import type { HostPolicy } from '../executor/host-policy.ts';
import { firstTrust } from '../trust/change-trust.ts';
import { makeSigningKey } from '../trust/key.ts';
import { signTrust } from '../trust/trust-file.ts';
import { openTrustKeeper, type TrustSource } from './trust-keeper.ts';

const root = makeSigningKey();
const fleet = fleetNameSchema.parse('lab');
const policy: HostPolicy = { fleet, host: hostNameSchema.parse('web1'), roots: [root.id], leastTrust: 1, roles: [] };
const first = firstTrust(fleet, { root: root.id, operator: makeSigningKey().id }, 1000);
const envelope = signTrust(first, [root]);

test('who asks while a look is under way gets one that began after that, and what either brought', async () => {
  await using dir = await mkdtempDisposable(join(tmpdir(), 'celeroot-keeper-'));
  const audit = { note: async () => undefined };
  const keeper = await openTrustKeeper({ stateDir: dir.path, policy, clock: Date, log: () => undefined, audit });
  let looks = 0;
  const begun = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<number>();
  const source: TrustSource = {
    newestTrust: async () => {
      looks += 1;
      begun.resolve();
      return await answer.promise;
    },
    trustOf: async () => envelope,
  };

  const one = keeper.refresh(source);
  await begun.promise;
  const [two, three] = [keeper.refresh(source), keeper.refresh(source)];
  assert.equal(keeper.current(), null);
  answer.resolve(1);
  await Promise.all([one, two, three]);

  assert.deepEqual(keeper.current(), first);
  assert.equal(looks, 2, 'the two who asked meanwhile share a look');
});
