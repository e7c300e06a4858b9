import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openControllerBroker, openWorkerBroker } from '../src/queue/open.ts';
import { revokeGrant } from '../src/trust/change-trust.ts';
import { signTrust } from '../src/trust/trust-file.ts';
import { hostPolicyOf } from '../src/worker/host-policy-of.ts';
import { keepTrust } from '../src/worker/keep-trust.ts';
import { openTrustKeeper } from '../src/worker/trust-keeper.ts';
import { host } from '../test/support/broker-data.ts';
import { makeFleet } from '../test/support/fleet.ts';
import { showTrust } from '../test/support/show-trust.ts';
import { startRedis } from '../test/support/redis.ts';
import { measured, type Result } from './result.ts';
import type { Setting } from './setting.ts';

const HOSTS = 1000;
/** Of two looks: hosts do not begin all at once. */
const PERIOD_MS = 30_000;

/**
 * How long until hosts that are on have taken a revocation: the part of a thousand workers that looks for it, each with
 * a ledger folder of its own, in one process and over one connection.
 */
export async function* measureRevocation({ folder }: Setting): AsyncGenerator<Result> {
  await using redis = await startRedis();
  await using controller = await openControllerBroker(redis.settings);
  await using broker = await openWorkerBroker(redis.settings);
  const fleet = makeFleet();
  await fleet.publish(controller);
  const ended = new AbortController();
  const keepers = await Promise.all(
    Array.from({ length: HOSTS }, async (_, index) => {
      const name = host(`host${index}`);
      const stateDir = join(folder, 'revocation', name);
      await mkdir(stateDir, { recursive: true });
      const policy = hostPolicyOf({ ...fleet.configFor(redis.settings), host: name });
      const audit = { note: async () => undefined };
      const trust = await openTrustKeeper({ stateDir, policy, clock: Date, log: () => undefined, audit });
      await trust.refresh(broker);
      return trust;
    }),
  );
  const looking = keepers.map(async (trust, index) => {
    await sleep((index / HOSTS) * PERIOD_MS);
    await keepTrust({ trust, broker }, ended.signal);
  });
  await sleep(PERIOD_MS);
  const revokedAt = performance.now();
  const taken = keepers.map(async (trust) => {
    if (trust.current()?.version === 1) await once(trust.replaced(), 'abort');
    return (performance.now() - revokedAt) / 1000;
  });
  await showTrust(controller, 2, signTrust(revokeGrant(fleet.trust, 'operator', Date.now()), [fleet.root]));
  const samples = (await Promise.all(taken)).toSorted((one, other) => one - other);
  ended.abort();
  await Promise.all(looking);
  const what = `a revocation taken by ${HOSTS} hosts that are on`;
  yield measured({ what, unit: 's', samples });
  yield measured(
    { what: `${what}: all but one in a hundred`, unit: 's', samples: samples.slice(0, HOSTS * 0.99).slice(-1) },
    { atMost: 60 },
  );
}
