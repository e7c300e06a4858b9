import { hostOfUser, hostUserName } from './host-user.ts';
import type { HostName } from './names.ts';

/** A machine that joins by token: for some minutes it has a user of its own in Redis, which can do that and no more. */
export type JoinGuest = {
  readonly host: HostName;
  /** Of this one join: hexadecimal digits. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
};

/** `celeroot.web1:join.<expires>.<id>`: neither a host nor an environment can be called so that its user is this one. */
export function guestUserName(environment: string | null, { host, expiresAt, id }: JoinGuest): string {
  return `${hostUserName(environment, host)}:join.${expiresAt}.${id}`;
}

/** Which join of this environment a user of Redis is for; null for what is the user of none. */
export function joinOfUser(environment: string | null, user: string): Omit<JoinGuest, 'host'> | null {
  const [, owner = '', expiresAt, id] = /^(.+):join\.(\d{1,16})\.([0-9a-f]{16})$/.exec(user) ?? [];
  if (id === undefined || hostOfUser(environment, owner) === null) return null;
  return { id, expiresAt: Number(expiresAt) };
}
