import * as z from 'zod';
import { didYouMean } from '../core/close-matches.ts';
import { UsageError } from '../core/errors.ts';
import { EXAMPLES } from './config-examples.ts';
import { entriesOf, propertyOf, type SchemaNode, schemaTree } from './schema-tree.ts';
import { fleetFileSchema } from './schema.ts';

/** docs/config.md: every key of the two files, made from their schemas. */
export function renderConfigReference(): string {
  const worker = schemaTree('worker');
  return [
    '# Configuration\n\nThis page is generated from `src/config/schema.ts`; `celeroot config explain SECTION` prints parts of it.\n',
    `## Where it is\n\n${WHERE}\n`,
    '## celeroot.yaml\n',
    ...sectionsOf(schemaTree('fleet'), '').map((section) => renderSection(section)),
    `## worker.yaml\n\n${WORKER}\n`,
    ...Object.entries(worker.properties ?? {}).map(([key, node]) => renderKey(key, node, worker)),
    `\n## Environment variables\n\n${ENVIRONMENT}`,
  ].join('\n');
}

/** celeroot.schema.json, for editors; draft 7 because that is what they know. */
export function renderJsonSchema(): string {
  return `${JSON.stringify(z.toJSONSchema(fleetFileSchema, { io: 'input', target: 'draft-7' }), null, 2)}\n`;
}

/**
 * The text of docs/config.md about one section or key, such as `roles` or `roles/web/concurrency`.
 * @throws UsageError when there is no such part.
 */
export function explain(path: string): string {
  const steps = path.split(/[/.]/).filter((step) => step !== '');
  const sections = sectionsOf(schemaTree('fleet'), '');
  const found = findSection(sections, steps);
  if (found !== null) return renderSection(found);
  const { parent, key, node } = findKey(sections, steps);
  if (parent !== null && node !== undefined) return renderSection(parent, key);
  const entry = /^\d+$/.test(key) ? findKey(sections, steps.slice(0, -1)) : null;
  if (entry !== null && entry.parent !== null && entry.node?.items !== undefined) {
    return `${renderSection(entry.parent, entry.key)}Each entry: ${kindOf(entry.node.items)}.${described(entry.node.items)}\n`;
  }
  const known = Object.keys(parent?.node.properties ?? {});
  throw new UsageError('USAGE', `there is nothing called ${path} in celeroot.yaml`, {
    hint: didYouMean(key, known, `see all of it with: celeroot config explain`),
  });
}

const WHERE = `The file given by \`--config FILE\`; else the one named by \`CELEROOT_CONFIG\`; else \`celeroot.yaml\` in the current
folder; else \`/etc/celeroot/celeroot.yaml\`. It is UTF-8 YAML 1.2 of at most 10 MB. Anchors, aliases and \`<<\` work.`;

const WORKER = `What a host needs that has no copy of the fleet’s YAML: \`celeroot hosts worker-file NAME\` writes it.`;

const ENVIRONMENT = `- \`CELEROOT_CONFIG\`: the configuration file, when there is no \`--config\`.
- \`CELEROOT_REDIS_USER\`, \`CELEROOT_REDIS_PASSWORD\`: win over user and password of the file.
- \`CELEROOT_STATE_DIR\`: where a worker keeps its jobs and \`celeroot up\` its Redis; default \`/var/lib/celeroot\`.
`;

/** A mapping with keys of its own. */
type Section = { readonly path: string; readonly node: SchemaNode };

function sectionsOf(node: SchemaNode, path: string): Section[] {
  const entries = entriesOf(node);
  if (entries !== undefined) return sectionsOf(entries, `${path}/NAME`);
  if (node.properties === undefined) return [];
  const inner = Object.entries(node.properties).flatMap(([key, each]) =>
    sectionsOf(each, path === '' ? key : `${path}/${key}`),
  );
  return [{ path, node }, ...inner];
}

/** `roles` means `roles/NAME`, and so does the name of any role. */
function findSection(sections: readonly Section[], steps: readonly string[]): Section | null {
  const exact = sections.find(({ path }) => {
    const parts = path === '' ? [] : path.split('/');
    return parts.length === steps.length && parts.every((part, index) => part === 'NAME' || part === steps[index]);
  });
  return exact ?? sections.find(({ path }) => path === [...steps, 'NAME'].join('/')) ?? null;
}

type Key = { readonly parent: Section | null; readonly key: string; readonly node: SchemaNode | undefined };

/** A key of a section that has one of that name. */
function findKey(sections: readonly Section[], steps: readonly string[]): Key {
  const parent = findSection(sections, steps.slice(0, -1));
  const [key = ''] = steps.slice(-1);
  return { parent, key, node: parent === null ? undefined : propertyOf(parent.node, key) };
}

/** With `only`, the one key of the section, under the same heading. */
function renderSection({ path, node }: Section, only?: string): string {
  const keys = Object.entries(node.properties ?? {}).filter(([key]) => only === undefined || key === only);
  const example = EXAMPLES[path];
  return [
    `### ${path === '' ? 'The whole file' : path}\n`,
    ...(node.description === undefined ? [] : [`${node.description}\n`]),
    ...keys.map(([key, each]) => renderKey(key, each, node)),
    ...(example === undefined ? [] : [`\n\`\`\`yaml\n${example}\`\`\``]),
    '',
  ].join('\n');
}

function renderKey(key: string, node: SchemaNode, parent: SchemaNode): string {
  const need = parent.required?.includes(key) === true ? '; required' : '';
  const standard = node.default === undefined ? '' : `; default \`${JSON.stringify(node.default)}\``;
  return `- \`${key}\`: ${kindOf(node)}${need}${standard}.${described(node)}`;
}

function described({ description }: SchemaNode): string {
  return description === undefined ? '' : ` ${description}`;
}

function kindOf(node: SchemaNode): string {
  if (node.const !== undefined) return `\`${JSON.stringify(node.const)}\``;
  if (entriesOf(node) !== undefined) return 'mapping by name';
  if (node.anyOf !== undefined) return node.anyOf.map(kindOf).join(' or ');
  if (node.type === 'integer') return `whole number, ${rangeOf(node)}`;
  if (node.type === 'array') return node.minItems === undefined ? 'list' : 'list, not empty';
  return { string: 'text', boolean: 'true or false', object: 'mapping' }[node.type ?? ''] ?? 'value';
}

/** Zod gives a number without a limit that of what JavaScript counts exactly. */
function rangeOf({ minimum = 0, maximum = Number.MAX_SAFE_INTEGER }: SchemaNode): string {
  return maximum === Number.MAX_SAFE_INTEGER ? `${minimum} or more` : `${minimum} to ${maximum}`;
}
