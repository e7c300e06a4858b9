import type { Secret } from './secret.ts';

export type BrokerNode = { readonly host: string; readonly port: number };

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
  /** True when celeroot starts this Redis itself (`celeroot up`). */
  readonly embedded: boolean;
  /** Separates several environments in one Redis; part of every key. */
  readonly environment: string | null;
};
