import type { JobId } from '../core/ids.ts';
import type { KeyOffer } from '../core/key-offer.ts';
import type { HostPolicy } from '../executor/host-policy.ts';
import { openHostKey, openNextHostKey, readNextHostKey, takeNextHostKey } from '../executor/host-key.ts';
import { signKeyOffer } from '../trust/key-offer.ts';
import type { SigningKey } from '../trust/key.ts';

/**
 * The key by which this host signs what it says. It is replaced in two steps, so that there is no moment at which the
 * host is not believed: it offers a key and goes on with the one it has; once the controller has recorded that, it
 * says so, and the host takes it.
 */
export type OwnKey = {
  readonly current: () => SigningKey;
  /** Aborted when the key that is the current one now is replaced. */
  readonly replaced: () => AbortSignal;
  /** Offers the next key in answer to a job; it is on disk before. */
  readonly offer: (job: JobId) => Promise<KeyOffer>;
  /**
   * Signs with that key from now on; false when it is neither what was offered nor the current one. `beforehand` is
   * awaited before the old one is gone, and what it throws prevents that.
   */
  readonly take: (key: string, beforehand: (was: string) => Promise<void>) => Promise<boolean>;
};

export async function openOwnKey(stateDir: string, { fleet, host }: HostPolicy): Promise<OwnKey> {
  let current = await openHostKey(stateDir);
  let replaced = new AbortController();
  let last: Promise<unknown> = Promise.resolve();
  const take: OwnKey['take'] = async (key, beforehand) => {
    if (current.id === key) return true;
    const next = await readNextHostKey(stateDir);
    if (next?.id !== key) return false;
    await beforehand(current.id);
    await takeNextHostKey(stateDir);
    current = next;
    replaced.abort();
    replaced = new AbortController();
    return true;
  };
  const inTurn = async <T>(action: () => Promise<T>): Promise<T> => {
    const done = last.then(action);
    last = done.catch(() => undefined);
    return await done;
  };
  return {
    current: () => current,
    replaced: () => replaced.signal,
    offer: async (job) =>
      await inTurn(async () => {
        const to = await openNextHostKey(stateDir);
        return signKeyOffer({ fleet, host, job }, { from: current, to });
      }),
    take: async (key, beforehand) => await inTurn(async () => await take(key, beforehand)),
  };
}
