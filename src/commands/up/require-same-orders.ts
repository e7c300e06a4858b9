import { isDeepStrictEqual } from 'node:util';
import { RejectedError } from '../../core/errors.ts';
import type { LocalWorker } from '../../fleet/local-worker.ts';
import type { Cli } from '../context.ts';

/**
 * Makes sure that the worker that runs already obeys what the configuration says now. Of another fleet, of other keys
 * or of other roles it would refuse our orders, or do what it no longer may.
 * @throws RejectedError WORKER_RUNS when it was started for something else.
 */
export async function requireSameOrders(
  cli: Cli,
  { host, configFile, stateDir }: LocalWorker,
  celeroot: string,
): Promise<void> {
  const { loadWorker } = await import('../../config/load.ts');
  const { readHostPolicy } = await import('../../executor/host-policy.ts');
  const { hostPolicyOf } = await import('../../worker/host-policy-of.ts');
  const wanted = hostPolicyOf(loadWorker(configFile, host, cli.env));
  const running = await readHostPolicy(stateDir);
  if (isDeepStrictEqual(running, wanted)) return;
  throw new RejectedError(
    'WORKER_RUNS',
    `the worker that runs here, of ${running.host} in fleet ${running.fleet}, was not started for what ${configFile} says now`,
    { hint: `stop it with  celeroot down,  then  ${celeroot} up  again` },
  );
}
