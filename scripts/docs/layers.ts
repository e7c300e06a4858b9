/** The layer table: what each folder of src/ may import. `.oxlintrc.json` is made from it (`npm run docs`). */
export const LAYERS: Readonly<Record<string, readonly string[]>> = {
  core: [],
  apt: ['core'],
  system: ['core'],
  audit: ['apt', 'core'],
  tasks: ['apt', 'system', 'core'],
  trust: ['core'],
  rollout: ['core'],
  schedule: ['core'],
  config: ['rollout', 'schedule', 'host', 'trust', 'core'],
  queue: ['host', 'core'],
  host: ['audit', 'core'],
  executor: ['tasks', 'apt', 'host', 'trust', 'core'],
  worker: ['executor', 'queue', 'config', 'tasks', 'host', 'trust', 'audit', 'core'],
  fleet: ['queue', 'config', 'rollout', 'schedule', 'tasks', 'host', 'trust', 'audit', 'core'],
  scheduler: ['fleet', 'queue', 'config', 'rollout', 'schedule', 'tasks', 'host', 'trust', 'audit', 'core'],
  terminal: ['rollout', 'audit', 'core'],
  commands: [
    'terminal',
    'scheduler',
    'fleet',
    'worker',
    'executor',
    'queue',
    'config',
    'rollout',
    'schedule',
    'tasks',
    'host',
    'trust',
    'audit',
    'core',
  ],
};

/** Modules that only one place may import, with that place. */
export const CONFINED: readonly { readonly module: string; readonly to: string }[] = [
  { module: 'bullmq', to: 'queue' },
  { module: 'ioredis', to: 'queue' },
  { module: 'yaml', to: 'config' },
  { module: 'commander', to: 'commands' },
  { module: '@commander-js/extra-typings', to: 'commands' },
  { module: 'node:child_process', to: 'host' },
];

/** Layers without I/O: values in, values out. */
export const PURE: readonly string[] = ['core', 'apt', 'system', 'audit', 'rollout', 'schedule', 'tasks'];
export const IO_MODULES: readonly string[] = [
  'node:fs',
  'node:fs/promises',
  'node:net',
  'node:http',
  'node:https',
  'node:os',
  'node:timers',
  'node:timers/promises',
  'node:process',
  'node:readline',
  'node:readline/promises',
  'node:child_process',
  'node:worker_threads',
];
