import type { BrokerSettings } from '../core/broker-settings.ts';
import { RejectedError } from '../core/errors.ts';
import { guestUserName, type JoinGuest } from '../core/join-guest.ts';
import type { Secret } from '../core/secret.ts';
import type { JoinKnock } from './broker.ts';
import { isUnknownLogin } from './connection-error.ts';
import { openFailFastLink, type FailFastLink } from './fail-fast-link.ts';
import { WORDS_LIVE_MS } from './join-door.ts';

/**
 * Connects as the machine that joins.
 * @throws RejectedError JOIN_TOKEN_UNUSABLE when the join is over, here or in any later call; ConnectionError.
 */
export async function openJoinKnock(settings: BrokerSettings, guest: JoinGuest, password: Secret): Promise<JoinKnock> {
  const user = guestUserName(settings.environment, guest);
  const link = await unlessOver(openFailFastLink({ ...settings, user, password }));
  const [offer, reply] = [link.keys.join(guest.id, 'offer'), link.keys.join(guest.id, 'reply')];
  const ask: FailFastLink['ask'] = (operation) => unlessOver(link.ask(operation));
  return {
    offerFirst: async (text) => {
      // Sent again after a cut it finds its own.
      const before = await ask((client) => client.set(offer, text, 'PX', WORDS_LIVE_MS, 'NX', 'GET'));
      return before === null || before === text;
    },
    offerAnew: async (text) => {
      await ask((client) => client.set(offer, text, 'PX', WORDS_LIVE_MS));
    },
    replied: () => ask((client) => client.get(reply)),
    [Symbol.asyncDispose]: async () => await link[Symbol.asyncDispose](),
  };
}

/** The user is there as long as the controller waits; Redis not knowing it means that it does not. */
async function unlessOver<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof Error) || !isUnknownLogin(error.cause)) throw error;
    throw new RejectedError('JOIN_TOKEN_UNUSABLE', 'the token is good for nothing any more: Redis does not know it', {
      hint: 'it was used, its 15 minutes are over, or the controller does not wait any more: make a new one there',
      cause: error,
    });
  }
}
