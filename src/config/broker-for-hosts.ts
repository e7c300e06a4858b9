import type { BrokerSettings } from '../core/broker-settings.ts';
import { ConnectionError } from '../core/errors.ts';

/** Where hosts other than the controller's machine find this Redis. */
export function endpointForHosts({ endpoint, listen }: BrokerSettings): BrokerSettings['endpoint'] {
  return listen === null ? endpoint : { kind: 'tcp', node: listen.node };
}

/**
 * The broker as a host is told of it: of an embedded one that listens, its address with the authority that the host
 * pins, and without the controller's login. Any other Redis is the same for all.
 * @throws ConnectionError when the embedded one has no certificate yet.
 */
export function brokerForHosts(broker: BrokerSettings): BrokerSettings {
  const { listen } = broker;
  if (listen === null) return broker;
  if (listen.ca !== null) {
    const endpoint = endpointForHosts(broker);
    return { ...broker, endpoint, tls: { ca: listen.ca }, user: null, password: null, embedded: false, listen: null };
  }
  throw new ConnectionError('BROKER_UNREACHABLE', 'the embedded Redis has no certificate yet that hosts could pin', {
    hint: 'start it, as root:  celeroot up',
  });
}
