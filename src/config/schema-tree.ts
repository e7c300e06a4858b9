import * as z from 'zod';
import type { ConfigPath } from './config-problem.ts';
import { ownerPolicySchema } from '../core/owner-policy.ts';
import { fleetFileSchema, workerFileSchema } from './schema.ts';

/** The parts of a JSON Schema that the schemas of this folder use. */
export type SchemaNode = {
  readonly type?: string | undefined;
  readonly description?: string | undefined;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly minimum?: number | undefined;
  readonly maximum?: number | undefined;
  readonly minItems?: number | undefined;
  readonly anyOf?: readonly SchemaNode[] | undefined;
  readonly required?: readonly string[] | undefined;
  readonly items?: SchemaNode | undefined;
  readonly properties?: Readonly<Record<string, SchemaNode>> | undefined;
  readonly additionalProperties?: SchemaNode | boolean | undefined;
};

const nodeSchema: z.ZodType<SchemaNode> = z.looseObject({
  type: z.string().optional(),
  description: z.string().optional(),
  default: z.unknown().optional(),
  const: z.unknown().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  minItems: z.number().optional(),
  anyOf: z.array(z.lazy(() => nodeSchema)).optional(),
  required: z.array(z.string()).optional(),
  items: z.lazy(() => nodeSchema).optional(),
  properties: z
    .record(
      z.string(),
      z.lazy(() => nodeSchema),
    )
    .optional(),
  additionalProperties: z.union([z.boolean(), z.lazy(() => nodeSchema)]).optional(),
});

/** The schema of a file as a tree that can be walked: `input`, because defaults may be left out of a file. */
export function schemaTree(kind: keyof typeof SCHEMAS): SchemaNode {
  return nodeSchema.parse(z.toJSONSchema(SCHEMAS[kind], { io: 'input' }));
}

const SCHEMAS = { fleet: fleetFileSchema, worker: workerFileSchema, policy: ownerPolicySchema } as const;

/** The part of the tree a path leads to; names of hosts and roles, and positions in lists, lead to what they hold. */
export function schemaAt(tree: SchemaNode, path: ConfigPath): SchemaNode | null {
  let node: SchemaNode | undefined = tree;
  for (const step of path) {
    const named: SchemaNode | undefined = propertyOf(node, step) ?? node.items ?? entriesOf(node);
    if (named === undefined) return null;
    node = named;
  }
  return node;
}

/** What a key holds; `constructor` is none unless the schema says so. */
export function propertyOf({ properties }: SchemaNode, key: string | number): SchemaNode | undefined {
  return properties !== undefined && Object.hasOwn(properties, key) ? properties[key] : undefined;
}

/** What each entry of a mapping with free names holds. */
export function entriesOf(node: SchemaNode): SchemaNode | undefined {
  return typeof node.additionalProperties === 'object' ? node.additionalProperties : undefined;
}
