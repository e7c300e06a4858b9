import { createHash } from 'node:crypto';
import * as z from 'zod';
import { MAX_CLOCK_SKEW_MS } from '../core/clock.ts';
import { ConnectionError } from '../core/errors.ts';
import { guestUserName, joinOfUser, type JoinGuest } from '../core/join-guest.ts';
import type { Secret } from '../core/secret.ts';
import type { JoinDoor } from './broker.ts';
import { guestAcl } from './host-acl.ts';
import { onEachNode, requireUsers, saveUsers, type UserPlace } from './host-users.ts';
import { readTime } from './link.ts';

/** More than a machine offers; who else got the token may write as much as he likes. */
const MAX_READ_BYTES = 65_536;

/** After that Redis forgets what was said, should nobody be left to clear it away. */
export const WORDS_LIVE_MS = 20 * 60_000;

/**
 * Makes the user by which a machine joins; closing takes it and what was said away. Users of joins whose controller was
 * killed are gone with the next join, or the next change of users, after their time.
 * @throws ConnectionError BROKER_UNFIT when Redis is too old, BROKER_REFUSED when our user may not keep users.
 */
export async function openJoinDoor(place: UserPlace, guest: JoinGuest, password: Secret): Promise<JoinDoor> {
  const { link, settings } = place;
  await dropExpiredGuests(place);
  const name = guestUserName(settings.environment, guest);
  const digest = createHash('sha256').update(password.reveal()).digest('hex');
  await onEachNode(place, async (node) => {
    await requireUsers(node);
    // Not into the file of users: a Redis that starts again need not know it.
    await node.call('ACL', 'SETUSER', name, 'reset', ...guestAcl(settings, guest.id, digest));
  });
  const [offer, reply] = [link.keys.join(guest.id, 'offer'), link.keys.join(guest.id, 'reply')];
  return {
    offered: () => link.ask((client) => client.getrange(offer, 0, MAX_READ_BYTES)),
    reply: async (text) => {
      await link.ask((client) => client.set(reply, text, 'PX', WORDS_LIVE_MS));
    },
    [Symbol.asyncDispose]: async () => {
      try {
        await dropGuests(place, (user) => user === name);
      } catch (error) {
        // Whatever ended the join matters more. Nobody waits for what the user could say; it goes with the next join.
        if (!(error instanceof ConnectionError)) throw error;
      }
    },
  };
}

/** Takes away what joins have left whose controller was killed, once their time is over by Redis' own clock. */
export async function dropExpiredGuests(place: UserPlace): Promise<void> {
  const now = await place.link.ask(readTime);
  await dropGuests(place, (_user, { expiresAt }) => expiresAt + MAX_CLOCK_SKEW_MS < now);
}

type IsMeant = (user: string, join: Omit<JoinGuest, 'host'>) => boolean;

/** Deleting a user ends its connections. */
async function dropGuests(place: UserPlace, isMeant: IsMeant): Promise<void> {
  const { link, settings } = place;
  const { result } = await onEachNode(place, async (node) => {
    const lines = z.array(z.string()).parse(await node.call('ACL', 'LIST'));
    const users = lines.map((line) => line.split(' ')[1] ?? '');
    const meant = users.flatMap((user) => {
      const join = joinOfUser(settings.environment, user);
      return join !== null && isMeant(user, join) ? [{ user, id: join.id }] : [];
    });
    if (meant.length === 0) return [];
    await node.call('ACL', 'DELUSER', ...meant.map(({ user }) => user));
    // Another change of users may have written them down meanwhile.
    await saveUsers(node);
    return meant.map(({ id }) => id);
  });
  const keys = result.flat().flatMap((id) => [link.keys.join(id, 'offer'), link.keys.join(id, 'reply')]);
  if (keys.length > 0) await link.ask((client) => client.del(...new Set(keys)));
}
