import type { BrokerNode, BrokerSettings } from '../core/broker-settings.ts';
import type { YamlValue } from './render-yaml.ts';

/** The broker section that says what the settings say, without the password. */
export function brokerSection(broker: BrokerSettings): { readonly [key: string]: YamlValue } {
  const { endpoint, tls, user, environment } = broker;
  return {
    ...endpointKeys(broker),
    ...(user === null ? {} : { user }),
    ...(tls === null || endpoint.kind === 'tcp' ? {} : { tls: true }),
    ...(tls === null || tls.ca === null ? {} : { ca: tls.ca }),
    ...(environment === null ? {} : { environment }),
  };
}

function endpointKeys({ endpoint, tls, database, embedded }: BrokerSettings): { readonly [key: string]: YamlValue } {
  if (embedded) return { embedded: true };
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

function formatNode({ host, port }: BrokerNode): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
