import { closeMatches } from '../core/close-matches.ts';
import { aptInstall } from './apt-install.ts';
import { aptListUpgradable } from './apt-list-upgradable.ts';
import { aptRemove } from './apt-remove.ts';
import { aptUpdate } from './apt-update.ts';
import { aptUpgrade } from './apt-upgrade.ts';
import { auditRead } from './audit-read.ts';
import { hookRun } from './hook-run.ts';
import { keysRotate } from './keys-rotate.ts';
import { serviceRestart } from './service-restart.ts';
import { systemCheck } from './system-check.ts';
import { systemFacts } from './system-facts.ts';
import { systemPing } from './system-ping.ts';
import { systemReboot } from './system-reboot.ts';
import type { Task } from './task.ts';

/** Every task, by name. A new task is one file and one line here. */
export const TASKS: readonly Task[] = [
  aptInstall,
  aptListUpgradable,
  aptRemove,
  aptUpdate,
  aptUpgrade,
  auditRead,
  hookRun,
  keysRotate,
  serviceRestart,
  systemCheck,
  systemFacts,
  systemPing,
  systemReboot,
];

const byName: ReadonlyMap<string, Task> = new Map(TASKS.map((task) => [task.name, task]));

export function findTask(name: string): Task | null {
  return byName.get(name) ?? null;
}

/** Names for a hint: tasks called `name` but for the group (`install`), else those a typing error away. */
export function similarTasks(name: string): readonly string[] {
  const names = [...byName.keys()];
  const sameVerb = names.filter((candidate) => candidate.endsWith(`.${name}`));
  return sameVerb.length > 0 ? sameVerb : closeMatches(name, names);
}

/** Whether a role's list of tasks (`apt.install`, `apt.*`, `*`) allows the task. */
export function taskAllowed(name: string, patterns: readonly string[]): boolean {
  const group = `${name.slice(0, name.indexOf('.'))}.*`;
  return patterns.some((pattern) => pattern === '*' || pattern === group || pattern === name);
}
