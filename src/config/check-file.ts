import { firstOf } from '../core/first-of.ts';
import type * as z from 'zod';
import { didYouMean } from '../core/close-matches.ts';
import { parsePublicKey } from '../trust/key.ts';
import type { ConfigPath, Finding } from './config-problem.ts';
import { expectation, findingsOf } from './describe-issue.ts';
import { calendarSchema, scheduleSchema } from './schedule-schema.ts';
import { scheduleFindings } from './check-schedules.ts';
import { schemaAt, schemaTree } from './schema-tree.ts';
import {
  type FleetFile,
  fleetFileSchema,
  hostSchema,
  roleSchema,
  rolloutSchema,
  type WorkerFile,
  workerFileSchema,
} from './schema.ts';
import { isRecord } from './is-record.ts';

/** A file that fits its schema, or everything that is wrong with it. */
export type Checked<File> = { readonly file: File | null; readonly findings: readonly Finding[] };

export function checkFleetFile(value: unknown): Checked<FleetFile> {
  return check(value, fleetFileSchema, 'fleet');
}

export function checkWorkerFile(value: unknown): Checked<WorkerFile> {
  return check(value, workerFileSchema, 'worker');
}

function check<File>(value: unknown, schema: z.ZodType<File>, kind: 'fleet' | 'worker'): Checked<File> {
  if (!isRecord(value)) return { file: null, findings: [{ path: [], at: 'value', message: notAMapping(value) }] };
  const filled = fillEmptySections(value);
  const parsed = schema.safeParse(filled, { error: expectation, reportInput: true });
  const findings = [...(parsed.error === undefined ? [] : schemaFindings(filled, parsed.error, kind))];
  findings.push(...rootFindings(filled), ...referenceFindings(filled), ...scheduleFindings(filled));
  findings.push(...brokerFindings(filled['broker']));
  return { file: findings.length === 0 && parsed.success ? parsed.data : null, findings };
}

function notAMapping(value: unknown): string {
  if (value === null || value === undefined) return 'the file says nothing; celeroot init writes one to start from';
  return `expected a mapping that begins with version: 1, got ${Array.isArray(value) ? 'a list' : 'text'}`;
}

/** `hosts:` with all its entries commented out, and a role that wants all defaults, are empty mappings to people. */
function fillEmptySections(file: Record<string, unknown>): Record<string, unknown> {
  const filled = { ...file };
  for (const section of ['roles', 'hosts', 'rollouts', 'calendars', 'schedules'])
    if (filled[section] === null) filled[section] = {};
  for (const section of ['roles', 'rollouts']) {
    const entries = filled[section];
    if (isRecord(entries) && Object.values(entries).includes(null)) {
      filled[section] = Object.fromEntries(Object.entries(entries).map(([name, entry]) => [name, entry ?? {}]));
    }
  }
  return filled;
}

function schemaFindings(file: Record<string, unknown>, error: z.ZodError, kind: 'fleet' | 'worker'): Finding[] {
  const tree = schemaTree(kind);
  const keysAt = (path: ConfigPath): string[] => Object.keys(schemaAt(tree, path)?.properties ?? {});
  return error.issues.flatMap((issue) => {
    const inner = issue.code === 'invalid_key' ? underBadName(file, issue.path) : [];
    return [issue, ...inner].flatMap((each) => findingsOf(each, keysAt));
  });
}

/** A record stops at a wrong name; what stands under it is checked all the same. */
function underBadName(file: Record<string, unknown>, path: readonly PropertyKey[]): z.core.$ZodIssue[] {
  const [section, name] = path.map(String);
  const entries = file[section ?? ''];
  if (!isRecord(entries) || name === undefined) return [];
  const schema = ENTRIES[section ?? ''] ?? hostSchema;
  const parsed = schema.safeParse(entries[name], { error: expectation, reportInput: true });
  return (parsed.error?.issues ?? []).map((issue) => ({ ...issue, path: [...path, ...issue.path] }));
}

const ENTRIES: Readonly<Record<string, z.ZodType>> = {
  roles: roleSchema,
  rollouts: rolloutSchema,
  calendars: calendarSchema,
  schedules: scheduleSchema,
};

function rootFindings(file: Record<string, unknown>): Finding[] {
  const roots = texts(file['roots']);
  const broken = roots
    .filter(([, text]) => /^ed25519:.{43}=$/.test(text) && parsePublicKey(text) === null)
    .map(([index]) => index);
  return [
    ...broken.map((index) => finding(['roots', index], 'is no Ed25519 public key; was a character changed?')),
    ...twice(roots, ['roots']),
  ];
}

/** Roles that hosts name, and queues and roles that are listed twice. */
function referenceFindings(file: Record<string, unknown>): Finding[] {
  const roles = isRecord(file['roles']) ? file['roles'] : {};
  const hosts = isRecord(file['hosts']) ? file['hosts'] : {};
  const findings: Finding[] = [];
  for (const name in hosts) {
    const host = hosts[name];
    if (!isRecord(host)) continue;
    const path = ['hosts', name, 'roles'];
    const named = texts(host['roles']);
    for (const [index, role] of named) {
      if (!Object.hasOwn(roles, role)) findings.push(finding([...path, index], noSuchRole(role, Object.keys(roles))));
    }
    if (named.length > 1) findings.push(...twice(named, path));
  }
  for (const [name, role] of Object.entries(roles)) {
    if (isRecord(role)) findings.push(...twice(texts(role['queues']), ['roles', name, 'queues']));
  }
  return findings;
}

function noSuchRole(role: string, roles: readonly string[]): string {
  const otherwise = roles.length === 0 ? 'none is defined' : `defined are ${firstOf(roles, 10)}`;
  return `there is no role ${role}; ${didYouMean(role, roles, otherwise)}`;
}

const BROKERS = ['url', 'embedded', 'sentinel', 'cluster'];

function brokerFindings(broker: unknown): Finding[] {
  if (!isRecord(broker)) return [];
  const chosen = BROKERS.filter((key) => broker[key] !== undefined && broker[key] !== false);
  if (chosen.length === 1) return [];
  const end = chosen.length === 0 ? 'none is given' : `got ${chosen.join(' and ')}`;
  return [{ path: ['broker'], at: 'key', message: `expected exactly one of ${BROKERS.join(', ')}; ${end}` }];
}

function texts(list: unknown): (readonly [number, string])[] {
  if (!Array.isArray(list)) return [];
  return [...list.entries()].filter((entry): entry is [number, string] => typeof entry[1] === 'string');
}

function twice(entries: readonly (readonly [number, string])[], path: ConfigPath): Finding[] {
  const seen = new Set<string>();
  return entries
    .filter(([, text]) => seen.has(text) || !seen.add(text))
    .map(([index, text]) => finding([...path, index], `${text} is listed twice`));
}

function finding(path: ConfigPath, message: string): Finding {
  return { path, at: 'value', message };
}
