import type { FleetConfig, Host } from '../config/fleet-config.ts';
import { ConnectionError } from '../core/errors.ts';
import type { ControllerBroker } from '../queue/broker.ts';
import { hostUserOf } from './host-users.ts';
import { passwordStep } from './join-steps.ts';

/**
 * Makes the host's own user in Redis, or brings it up to date; nothing for a host that shares the fleet's. Returns what
 * the operator should know, a line each.
 * @throws ConnectionError that says what to type where Redis is too old, or our user may not make others.
 */
export async function admitToBroker(
  broker: ControllerBroker,
  config: FleetConfig,
  host: Host,
): Promise<readonly string[]> {
  const user = hostUserOf(config, host);
  if (user === null) return [];
  try {
    // Setting a user ends its connections, which one that is right already may keep.
    const { add, change } = await broker.compareHostUsers([user]);
    return await broker.changeHostUsers({ add, change, remove: [] });
  } catch (error) {
    if (!(error instanceof ConnectionError)) throw error;
    throw new ConnectionError(
      error.code,
      `${host.name} is recorded in ${config.file}, but Redis does not let it in: ${error.message}`,
      {
        hint: [
          ...(error.hint === undefined ? [] : [error.hint]),
          `users that an administrator of Redis shall make by hand:  celeroot broker acl ; then:  celeroot hosts accept ${host.name} --wait`,
          ...(error.code === 'BROKER_UNFIT' ? sharedInstead(host) : []),
        ].join('\n'),
        cause: error,
      },
    );
  }
}

function sharedInstead(host: Host): readonly string[] {
  return [
    `or let hosts share the fleet’s user:  ${passwordStep(host).command}`,
    `and then join it with:  celeroot hosts join ${host.name} --shared-password | …`,
  ];
}
