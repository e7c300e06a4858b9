import { controllerUserName, hostUserName, type HostUser } from '../core/host-user.ts';
import { controllerRights, hostAcl, type AclScope } from './host-acl.ts';

/** One line of an aclfile, or of redis.conf, for each host. */
export function hostAclLines(scope: AclScope, users: readonly HostUser[]): readonly string[] {
  return users.map((user) => ['user', hostUserName(scope.environment, user.host), ...hostAcl(scope, user)].join(' '));
}

/** The same for the controller, with a place for the digest of its password. */
export function controllerAclLine({ environment }: AclScope): string {
  return ['user', controllerUserName(environment), 'on', '#SHA256', ...controllerRights(environment)].join(' ');
}

/**
 * All lines for the embedded Redis where it listens: nobody without a login, the controller, and the hosts. The
 * controller may besides give it a new certificate.
 */
export function embeddedUsers(scope: AclScope, digest: string, users: readonly HostUser[]): readonly string[] {
  const controller = controllerAclLine(scope).replace('#SHA256', `#${digest}`);
  return ['user default off', `${controller} +config|set`, ...hostAclLines(scope, users)];
}
