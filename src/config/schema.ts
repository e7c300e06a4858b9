import * as z from 'zod';
import { isAddress } from '../core/address.ts';
import { jsonObjectSchema } from '../core/json.ts';
import { parseDuration } from '../core/duration.ts';
import { ORDERS } from '../rollout/rules.ts';
import { parseSize } from '../rollout/size.ts';
import { fleetNameSchema, hostNameSchema, queueNameSchema, roleNameSchema, scheduleNameSchema } from '../core/names.ts';
import { parsePreviousKey } from './previous-key.ts';
import { oneLine, path } from './schema-values.ts';
import { calendarSchema, scheduleSchema } from './schedule-schema.ts';

const node = z.string().regex(/^(\[[0-9a-fA-F:]+\]|[^\s:]+):\d{1,5}$/, { error: 'expected host:port' });

/** `ed25519:` and the 32 bytes of the public key in base64. */
const publicKeySchema = z
  .string()
  .regex(/^ed25519:[A-Za-z0-9+/]{43}=$/, { error: 'expected ed25519: and 44 characters of base64' })
  .describe('A public key: `ed25519:` and its 32 bytes in base64.');

const SIZE = { error: 'expected a whole number or a percentage such as 10%' };
/** A number in YAML, or a text. */
const size = z
  .union([z.int().min(0, { abort: true }).max(999_999, { abort: true }), z.string()], SIZE)
  .refine((value) => parseSize(value) !== null, SIZE);

const LABEL = { error: 'expected 1 to 63 lower-case letters, digits, hyphens or underscores, starting with a letter' };
const labelName = z.string().regex(/^[a-z][a-z0-9_-]{0,62}$/, LABEL);
/** A host’s key of before, and the time from which on it counts for nothing new. */
const previousKeySchema = z
  .string()
  .refine((text) => parsePreviousKey(text) !== null, {
    error: 'expected a public key, the word until, and a time such as 2026-11-26T15:00:00.000Z',
  })
  .describe('`ed25519:… until 2026-11-26T15:00:00.000Z`');

export const brokerSchema = z
  .strictObject({
    url: z
      .string()
      .optional()
      .describe(
        '`redis://host:6379/0`, `rediss://…` with TLS, or `unix:///path/to.sock`. User and password may be in it, but a file is better.',
      ),
    embedded: z
      .boolean()
      .optional()
      .describe('`true`: celeroot starts its own Redis on a unix socket of this machine (`celeroot up`).'),
    listen: node
      .optional()
      .describe(
        'With `embedded`: where it listens for other hosts too, as host:port; always with TLS and a login. A name or address by which hosts reach this machine.',
      ),
    sentinel: z
      .strictObject({
        master: z.string().min(1).describe('Name of the master the sentinels watch.'),
        nodes: z.array(node).min(1).describe('Sentinels as host:port.'),
      })
      .optional()
      .describe('Find Redis through Sentinel.'),
    cluster: z
      .strictObject({ nodes: z.array(node).min(1).describe('Some nodes of the cluster as host:port.') })
      .optional()
      .describe('A Redis Cluster.'),
    user: z.string().min(1).optional().describe('ACL user. `CELEROOT_REDIS_USER` wins over it.'),
    password: z
      .string()
      .min(1)
      .optional()
      .describe('Password in clear text. Prefer `password_file` or `CELEROOT_REDIS_PASSWORD`.'),
    password_file: path.optional().describe('File whose first line is the password; relative to this file.'),
    tls: z.boolean().optional().describe('Use TLS; implied by `rediss://`.'),
    ca_file: path
      .optional()
      .describe('Certificate authority that signed Redis’ certificate, PEM; relative to this file.'),
    ca: z.string().optional().describe('The certificate of that authority itself, PEM, instead of `ca_file`.'),
    environment: z
      .string()
      .regex(/^[a-z0-9][a-z0-9_-]{0,31}$/, {
        error: 'expected 1 to 32 lower-case letters, digits, hyphens or underscores, starting with a letter or digit',
      })
      .optional()
      .describe('Keeps several environments apart in one Redis; part of every key.'),
  })
  .describe('Where Redis is. Exactly one of `url`, `embedded`, `sentinel` and `cluster`.');

export const roleSchema = z
  .strictObject({
    description: oneLine.optional().describe('One line for people.'),
    queues: z
      .array(queueNameSchema)
      .max(16)
      .optional()
      .describe('Queues that any one host of the role serves. Default: the role’s own name.'),
    concurrency: z
      .int({ error: 'expected a whole number of 1 or more' })
      .min(1, { error: 'expected a whole number of 1 or more' })
      .max(64, { error: 'expected a whole number of 64 or less' })
      .default(4)
      .describe(
        'How many jobs a host does at once for this role. Work on packages is one at a time on a host whatever this says.',
      ),
    tasks: z
      .array(
        z.string().regex(/^(\*|[a-z][a-z0-9-]*\.(\*|[a-z][a-z0-9-]*))$/, {
          error: 'expected a task such as apt.install, a group such as apt.*, or *',
        }),
      )
      .default(['*'])
      .describe('Tasks its hosts may do: `apt.install`, a group `apt.*`, or `*`.'),
    exclude: z
      .array(z.string().regex(/^[a-z0-9*?][a-z0-9+.*?-]*$/, { error: 'expected a package name, * and ? allowed' }))
      .default([])
      .describe('Packages that upgrades never touch here; `*` and `?` allowed.'),
    max_unavailable: size
      .refine((value) => parseSize(value)?.value !== 0, {
        error: 'expected 1 or more, else nothing could ever be done',
      })
      .optional()
      .describe(
        'How many of its hosts may be in the middle of a change at once, a number or a percentage, over all runs together, those of schedules too. Default: no limit.',
      ),
  })
  .describe('A role: what its hosts consume and may do.');

const DURATION = { error: 'expected a duration such as 5m' };
const duration = z.string(DURATION).refine((text) => parseDuration(text) !== null, DURATION);

const stepSchema = z
  .strictObject({
    task: z
      .string()
      .regex(/^[a-z][a-z0-9-]*\.[a-z][a-z0-9-]*$/, { error: 'expected a task such as apt.update' })
      .describe('The task; the roles of the hosts must allow it.'),
    args: jsonObjectSchema.default({}).describe('Its arguments, by name.'),
    always: z
      .boolean()
      .default(false)
      .describe('Done also when something before it in the host’s turn has failed: what has to be undone.'),
    may_fail: z.boolean().default(false).describe('Its failure is told, and the turn goes on.'),
  })
  .describe('A task that each host does in its turn.');

const checkSchema = z
  .strictObject({
    ports: z.array(z.int().min(1).max(65_535)).default([]).describe('TCP ports of the host.'),
    urls: z.array(z.string()).default([]).describe('URLs that the host itself asks, as `system.check` takes them.'),
    checks: z.array(z.string()).default([]).describe('Programs in `/etc/celeroot/checks.d` of the host.'),
    load_per_core: z.number().min(0).optional().describe('The most load per processor afterwards.'),
    disk_free_percent: z.number().min(0).max(100).optional().describe('The least free space afterwards, on each disk.'),
    wait: duration.default('0s').describe('How long after the host’s turn it is looked at again.'),
  })
  .describe('What is looked at before and after a host’s turn; failed units and broken packages always are.');

export const rolloutSchema = z
  .strictObject({
    canary: z
      .union([size, z.array(z.string().min(1)).min(1)], { error: 'expected a number, a percentage or a list of hosts' })
      .optional()
      .describe('The hosts that go first: a number, a percentage, or a list of names and globs. Default: none.'),
    batches: z
      .array(
        size.refine((value) => parseSize(value)?.value !== 0, {
          error: 'expected 1 or more, a batch of no host never ends',
        }),
      )
      .min(1)
      .default(['100%'])
      .describe('Sizes of the batches: numbers, or percentages of all hosts; the last one counts for all that follow.'),
    by: labelName
      .optional()
      .describe(
        'A label of hosts, such as `zone`: hosts that differ in it are never under way at once, and percentages of `batches` are of those that share it.',
      ),
    order: z
      .enum(ORDERS)
      .default('listed')
      .describe('`listed`: as in this file; `name`: by name; `shuffled`: differently in every run.'),
    max_failures: size
      .default(0)
      .describe('It stops when more hosts than that have failed, fallen silent or refused; a number or a percentage.'),
    max_failures_per_batch: size.default('100%').describe('The same for each batch.'),
    max_unreachable: size
      .default('100%')
      .describe(
        'It waits while more hosts than that, whose turn has come, are away. Those are done when they are back.',
      ),
    soak: duration.default('0s').describe('How long it waits after a batch before it begins the next.'),
    check: checkSchema
      .optional()
      .describe('A host has failed when it is worse after its turn than it was before. Default: only its task counts.'),
    before: z.array(stepSchema).max(10).default([]).describe('Tasks that each host does first in its turn, in order.'),
    after: z.array(stepSchema).max(10).default([]).describe('Tasks that each host does last in its turn, in order.'),
  })
  .describe('How a run proceeds over its hosts: `celeroot apt upgrade --role web --rollout NAME`.');

export const hostSchema = z
  .strictObject({
    address: z
      .string()
      .refine(isAddress, { error: 'expected a host name, an IPv4 or an IPv6 address' })
      .optional()
      .describe('Where you reach the host by SSH; only printed, never connected to. Default: its name.'),
    roles: z.array(roleNameSchema).min(1).describe('Its roles; at least one.'),
    key: publicKeySchema
      .optional()
      .describe('Its public key, by which its reports are believed; `celeroot hosts accept` writes it.'),
    outgoing_key: publicKeySchema
      .optional()
      .describe(
        'The key it had until now and may still sign with: `celeroot keys rotate --host` was begun and has to be finished.',
      ),
    previous_keys: z
      .array(previousKeySchema)
      .default([])
      .describe(
        'Keys that it had, each until when: by them only what it said on earlier runs is believed. `celeroot keys rotate --host` writes it.',
      ),
    broker_password: z
      .string()
      .regex(/^sha256:[0-9a-f]{64}$/, { error: 'expected sha256: and 64 hexadecimal digits' })
      .optional()
      .describe(
        'SHA-256 of the password that the host made for itself to reach Redis; `celeroot hosts accept` writes it.',
      ),
    renamed_from: hostNameSchema
      .optional()
      .describe(
        'The name that its machine goes by until it is told the new one; `celeroot hosts rename` writes it, `celeroot hosts accept` takes it away.',
      ),
    machine: z
      .string()
      .regex(/^[0-9a-f]{32}$/, { error: 'expected 32 hexadecimal digits' })
      .optional()
      .describe(
        'Identity of the machine that joined, so that a copy of it is noticed; `celeroot hosts accept` writes it.',
      ),
    labels: z
      .record(labelName, oneLine.min(1))
      .optional()
      .describe('Where it stands, in words of your own, such as `zone: north`: a roll-out keeps them apart with `by`.'),
    description: oneLine.optional().describe('One line for people.'),
  })
  .describe('A managed machine.');

/** `celeroot.yaml`. References between its parts are checked in load.ts. */
export const fleetFileSchema = z
  .strictObject({
    version: z.literal(1).describe('Version of this format.'),
    fleet: fleetNameSchema.describe('Name of the fleet; part of every signed order.'),
    roots: z
      .array(publicKeySchema)
      .min(1)
      .max(5)
      .describe('Public root keys. Hosts pin them, and obey whom the trust file that they sign names.'),
    trust_file: path.default('celeroot.trust').describe('The signed trust file; relative to this file.'),
    signing_key: path
      .default('celeroot.key')
      .describe('The operator’s private key, mode 0600, which signs orders; relative to this file.'),
    scheduler_key: path
      .optional()
      .describe(
        'The private key of kind `scheduler`, mode 0600, with which `celeroot scheduler` fires what operators have signed by `celeroot schedules sign`; relative to this file. Without it the scheduler signs with `signing_key`.',
      ),
    standing_orders: path
      .default('celeroot.standing')
      .describe('What operators have signed for schedules; relative to this file.'),
    root_key: path
      .default('celeroot.root.key')
      .describe('The private root key, mode 0600, which signs the trust file; only `celeroot keys` needs it.'),
    journal: path
      .default('celeroot.journal')
      .describe('What was ordered here, mode 0600, written before it is done; relative to this file.'),
    broker: brokerSchema,
    roles: z.record(roleNameSchema, roleSchema).describe('Roles by name.'),
    hosts: z.record(hostNameSchema, hostSchema).default({}).describe('Hosts by name.'),
    rollouts: z.record(roleNameSchema, rolloutSchema).default({}).describe('Roll-outs by name.'),
    calendars: z
      .record(scheduleNameSchema, calendarSchema)
      .default({})
      .describe('Calendars by name: when schedules may change hosts, and when not.'),
    schedules: z.record(scheduleNameSchema, scheduleSchema).default({}).describe('Schedules by name.'),
  })
  .describe('celeroot.yaml: the fleet.');
export type FleetFile = z.output<typeof fleetFileSchema>;

/** What a host without a copy of the fleet's YAML needs: itself, its roles and whom to obey. */
export const workerFileSchema = z
  .strictObject({
    version: z.literal(1).describe('Version of this format.'),
    fleet: fleetNameSchema.describe('Name of the fleet.'),
    host: hostNameSchema.describe('This host’s name in the fleet.'),
    roots: z.array(publicKeySchema).min(1).max(5).describe('Public root keys: they sign whom this host obeys.'),
    least_trust: z
      .int({ error: 'expected a whole number of 1 or more' })
      .min(1, { error: 'expected a whole number of 1 or more' })
      .default(1)
      .describe('The oldest version of the trust file that this host takes: the controller’s when it wrote this.'),
    broker: brokerSchema,
    roles: z.record(roleNameSchema, roleSchema).describe('The host’s roles.'),
  })
  .describe('worker.yaml: one host.');
export type WorkerFile = z.output<typeof workerFileSchema>;
