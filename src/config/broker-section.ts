import { formatNode, type BrokerSettings } from '../core/broker-settings.ts';
import type { YamlValue } from './render-yaml.ts';

/** The broker section that says what the settings say, without the password. */
export function brokerSection(broker: BrokerSettings): { readonly [key: string]: YamlValue } {
  const { endpoint, tls, user, environment, embedded } = broker;
  return {
    ...endpointKeys(broker),
    ...(user === null || embedded ? {} : { user }),
    ...(tls === null || endpoint.kind === 'tcp' ? {} : { tls: true }),
    ...(tls === null || tls.ca === null ? {} : { ca: tls.ca }),
    ...(environment === null ? {} : { environment }),
  };
}

function endpointKeys(broker: BrokerSettings): { readonly [key: string]: YamlValue } {
  const { endpoint, tls, database, embedded, listen } = broker;
  if (embedded) return { embedded: true, ...(listen === null ? {} : { listen: formatNode(listen.node) }) };
  switch (endpoint.kind) {
    case 'tcp':
      return { url: `${tls === null ? 'redis' : 'rediss'}://${formatNode(endpoint.node)}/${database}` };
    case 'socket':
      return { url: `unix://${endpoint.path}` };
    case 'sentinel':
      return { sentinel: { master: endpoint.master, nodes: endpoint.nodes.map(formatNode) } };
    case 'cluster':
      return { cluster: { nodes: endpoint.nodes.map(formatNode) } };
  }
}
