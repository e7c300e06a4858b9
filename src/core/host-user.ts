import { type HostName, hostNameSchema, type QueueName } from './names.ts';

/** What Redis needs to know of a host to let it at its own keys and at nothing else. */
export type HostUser = {
  readonly host: HostName;
  /** Those that its roles name; its own queue is always among its keys. */
  readonly queues: readonly QueueName[];
  /** Of the password that the host made for itself: 64 hexadecimal digits, with or without `sha256:` before them. */
  readonly passwordSha256: string;
};

/** A host's user in Redis: `celeroot.web1`, or `celeroot-prod.web1` in the environment `prod`. */
export function hostUserName(environment: string | null, host: HostName): string {
  return `${prefix(environment)}${host}`;
}

/** The host of this environment that has this user; null for the users of others. */
export function hostOfUser(environment: string | null, user: string): HostName | null {
  const before = prefix(environment);
  if (!user.startsWith(before)) return null;
  return hostNameSchema.safeParse(user.slice(before.length)).data ?? null;
}

/** The user that `celeroot broker acl` suggests for the controller; no host's user can be called so. */
export function controllerUserName(environment: string | null): string {
  return environment === null ? 'celeroot-controller' : `celeroot-controller-${environment}`;
}

/** No environment's name has a dot in it, so no host's user is another environment's. */
function prefix(environment: string | null): string {
  return environment === null ? 'celeroot.' : `celeroot-${environment}.`;
}
