import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { jobIdFor } from '../../src/core/ids.ts';
import type { HostName } from '../../src/core/names.ts';
import { NO_WORD } from '../../src/core/owner-policy.ts';
import { admitOrder } from '../../src/executor/admit-order.ts';
import type { HostPolicy } from '../../src/executor/host-policy.ts';
import { hostPolicyOf } from '../../src/worker/host-policy-of.ts';
import { openControllerBroker, openWorkerBroker } from '../../src/queue/open.ts';
import { revokeGrant } from '../../src/trust/change-trust.ts';
import { signOrder } from '../../src/trust/sign-order.ts';
import { signTrust, type Trust } from '../../src/trust/trust-file.ts';
import { openTrustKeeper, type TrustKeeper } from '../../src/worker/trust-keeper.ts';
import { host, newRunId } from '../support/broker-data.ts';
import { makeFleet, newOrder } from '../support/fleet.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { startRedis } from '../support/redis.ts';
import { newStateDir } from '../support/worker.ts';
import { showTrust } from '../support/show-trust.ts';

forbidLeaks();

/** `CELEROOT_FUZZ=20` makes a thousand hosts. */
const HOSTS = 50 * Number(process.env['CELEROOT_FUZZ'] ?? 1);
/** Of each ten hosts this many are off while the key is revoked. */
const OFF_OF_TEN = 2;

type Host = { readonly name: HostName; readonly policy: HostPolicy; readonly stateDir: string; keeper: TrustKeeper };

/**
 * A host looks every half minute (worker-trust.test.ts) and before it refuses for want of a newer trust file. So within
 * a minute all hosts that are on have looked once, and what counts here is that one look is enough for each.
 */
test('every host that has looked once since a key was revoked refuses it, and one that was off when it is back', async (t) => {
  await using redis = await startRedis();
  await using controller = await openControllerBroker(redis.settings);
  await using worker = await openWorkerBroker(redis.settings);
  await using state = await newStateDir();
  const fleet = makeFleet();
  await fleet.publish(controller);
  const openKeeper = async ({ policy, stateDir }: Omit<Host, 'keeper'>): Promise<TrustKeeper> =>
    await openTrustKeeper({
      stateDir,
      policy,
      clock: Date,
      log: () => undefined,
      audit: { note: async () => undefined },
    });
  const hosts = await Promise.all(
    Array.from({ length: HOSTS }, async (_, index): Promise<Host> => {
      const name = host(`host${index}`);
      const stateDir = join(state.path, name);
      await mkdir(stateDir);
      const policy = hostPolicyOf({ ...fleet.configFor(redis.settings), host: name });
      return { name, policy, stateDir, keeper: await openKeeper({ name, policy, stateDir }) };
    }),
  );
  const look = async (those: readonly Host[]): Promise<void> => {
    await Promise.all(those.map(async ({ keeper }) => await keeper.refresh(worker)));
  };
  const verdicts = (those: readonly Host[]): Readonly<Record<string, number>> => {
    const found: Record<string, number> = {};
    for (const { name, policy, keeper } of those) {
      const code = verdictOf({ name, policy, trust: keeper.current() });
      found[code] = (found[code] ?? 0) + 1;
    }
    return found;
  };
  const verdictOf = ({ name, policy, trust }: Pick<Host, 'name' | 'policy'> & { trust: Trust | null }): string => {
    const run = newRunId();
    const to = { kind: 'host', host: name } as const;
    const order = newOrder({ run, to, id: jobIdFor(run, name) });
    const held = { policy, owner: NO_WORD, trust, from: null, now: Date.now(), hasBegun: false, ledgerBirth: 0 };
    const admitted = admitOrder({ ...held, envelope: signOrder(order, fleet.key) });
    return admitted.ok ? 'admitted' : admitted.code;
  };

  await look(hosts);
  assert.deepEqual(verdicts(hosts), { admitted: HOSTS });

  const revoked = revokeGrant(fleet.trust, 'operator', Date.now());
  await showTrust(controller, 2, signTrust(revoked, [fleet.root]));
  const [on, off] = [
    hosts.filter((_, index) => index % 10 >= OFF_OF_TEN),
    hosts.filter((_, index) => index % 10 < OFF_OF_TEN),
  ];
  await look(on);
  assert.deepEqual(verdicts(on), { KEY_REVOKED: on.length });
  assert.deepEqual(verdicts(off), { admitted: off.length }, 'who has not looked cannot know');

  // Back after a restart, with what they had on disk; the first thing a worker does is look.
  for (const each of off) each.keeper = await openKeeper(each);
  await look(off);
  assert.deepEqual(verdicts(hosts), { KEY_REVOKED: HOSTS });
  for (const each of hosts) each.keeper = await openKeeper(each);
  assert.deepEqual(verdicts(hosts), { KEY_REVOKED: HOSTS }, 'also without Redis, once they know');
  t.diagnostic(`${HOSTS} hosts, of which ${off.length} were off`);
});
