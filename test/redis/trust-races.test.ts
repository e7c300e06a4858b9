import assert from 'node:assert/strict';
import { test } from 'node:test';
import { publishTrust } from '../../src/fleet/publish-trust.ts';
import type { SignedTrust } from '../../src/fleet/trust-on-disk.ts';
import type { ControllerBroker } from '../../src/queue/broker.ts';
import { keysFor } from '../../src/queue/names.ts';
import { openControllerBroker } from '../../src/queue/open.ts';
import { renewTrust, revokeGrant } from '../../src/trust/change-trust.ts';
import { signTrust, type Trust } from '../../src/trust/trust-file.ts';
import { makeFleet } from '../support/fleet.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { startRedis } from '../support/redis.ts';

forbidLeaks();

const fleet = makeFleet();
const signed = (trust: Trust): SignedTrust => ({ trust, envelope: signTrust(trust, [fleet.root]) });
const first = signed(fleet.trust);
const renewed = signed(renewTrust(first.trust, Date.now()));
const revoked = signed(revokeGrant(first.trust, 'operator', Date.now()));
const revokedLater = signed(revokeGrant(renewed.trust, 'operator', Date.now()));

/** A controller's way to Redis in which something comes between a look and what follows from it. */
function interrupted(controller: ControllerBroker, between: () => Promise<unknown>): ControllerBroker {
  return {
    ...controller,
    shownTrust: async () => {
      const shown = await controller.shownTrust();
      await between();
      return shown;
    },
  };
}

const BEFORE = [
  ['no trust file', []],
  ['the version before', ['newest', '1', '1', first.envelope]],
  ['a version that nobody has', ['newest', '9']],
  ['what is no version', ['newest', 'newest']],
] as const;
for (const [what, fields] of BEFORE) {
  test(`a revocation that another controller publishes meanwhile stays where there was ${what}`, async () => {
    for (const [theirs, which] of [[revokedLater, 'newer'] as const, [revoked, 'another'] as const]) {
      await using redis = await startRedis();
      if (fields.length > 0) await redis.command('HSET', keysFor(redis.settings.environment).trust, ...fields);
      await using controller = await openControllerBroker(redis.settings);
      const meanwhile = interrupted(controller, async () => await publishTrust(controller, theirs));

      const published = await publishTrust(meanwhile, renewed);

      const { version } = theirs.trust;
      assert.deepEqual(published, { version, which });
      assert.deepEqual(await controller.shownTrust(), { version, envelope: theirs.envelope });
    }
  });
}

test('who changes the trust file without end is told of', async () => {
  await using redis = await startRedis();
  await using controller = await openControllerBroker(redis.settings);
  let changes = 0;
  const meanwhile = interrupted(controller, async () => {
    changes += 1;
    await redis.command('HSET', keysFor(redis.settings.environment).trust, 'newest', '9', '9', `change ${changes}`);
  });

  await assert.rejects(publishTrust(meanwhile, renewed), { code: 'TRUST_OVERTAKEN' });
});
