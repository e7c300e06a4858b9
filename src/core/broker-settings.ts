import type { Secret } from './secret.ts';

export type BrokerNode = { readonly host: string; readonly port: number };

/** How hosts elsewhere reach the embedded Redis: always with TLS. */
export type Listening = {
  readonly node: BrokerNode;
  /** The certificate of celeroot's own authority, PEM, which hosts pin; null before `celeroot up` has made it. */
  readonly ca: string | null;
};

/** Where Redis is and how to get in; made by config/ from the YAML, the environment and files. */
export type BrokerSettings = {
  readonly endpoint:
    | { readonly kind: 'tcp'; readonly node: BrokerNode }
    | { readonly kind: 'socket'; readonly path: string }
    | { readonly kind: 'sentinel'; readonly master: string; readonly nodes: readonly BrokerNode[] }
    | { readonly kind: 'cluster'; readonly nodes: readonly BrokerNode[] };
  readonly tls: { readonly ca: string | null } | null;
  readonly database: number;
  readonly user: string | null;
  readonly password: Secret | null;
  /** True when celeroot starts this Redis itself (`celeroot up`); `endpoint` is then its socket on this machine. */
  readonly embedded: boolean;
  /** Where the embedded Redis listens besides; null for its socket alone, and for any other Redis. */
  readonly listen: Listening | null;
  /** Separates several environments in one Redis; part of every key. */
  readonly environment: string | null;
};

/** `host:port`, with an IPv6 address in brackets. */
export function formatNode({ host, port }: BrokerNode): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The machines it names; none for a socket. */
export function nodesOf(endpoint: BrokerSettings['endpoint']): readonly BrokerNode[] {
  switch (endpoint.kind) {
    case 'socket':
      return [];
    case 'tcp':
      return [endpoint.node];
    case 'sentinel':
    case 'cluster':
      return endpoint.nodes;
  }
}

/** Whether it names the machine of whoever reads it. */
export function isOwnMachine({ host }: BrokerNode): boolean {
  return /^(localhost|127\..*|::1)$/.test(host);
}

/** Whether another machine is reached without TLS. */
export function isInClear({ endpoint, tls }: Pick<BrokerSettings, 'endpoint' | 'tls'>): boolean {
  return tls === null && !nodesOf(endpoint).every(isOwnMachine);
}
