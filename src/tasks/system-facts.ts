import * as z from 'zod';
import { assessHealth } from '../apt/health.ts';
import { isInstalled } from '../apt/package-state.ts';
import { parseOsRelease } from '../apt/parse-os-release.ts';
import { surveyUpgrades } from '../apt/survey-upgrades.ts';
import { takeSnapshot } from '../apt/take-snapshot.ts';
import { hostFactsSchema } from '../core/presence.ts';
import { readText } from '../core/step.ts';
import { defineTask, type Task } from './task.ts';

/** When they were gathered, and whether they still hold, is for whoever stores them to say. */
const resultSchema = hostFactsSchema.omit({ gatheredAt: true, outdated: true });

/** What `hosts ls` shows of a host; the worker performs it too, to keep that up to date. */
export const systemFacts: Task = defineTask({
  name: 'system.facts',
  summary: 'Gather operating system, kernel, packages and pending upgrades',
  args: z.strictObject({}),
  result: resultSchema,
  changesHost: false,
  commandLine: { options: [] },
  example: 'celeroot run system.facts --host web1 --json',
  *perform() {
    const now = yield* takeSnapshot();
    const states = [...now.packages.values()];
    const found = yield* surveyUpgrades(now);
    const health = yield* assessHealth(now);
    const os = parseOsRelease((yield* readText('/etc/os-release')) ?? '');
    const facts = {
      os: os.name.slice(0, 200),
      osId: os.id.slice(0, 64),
      osVersion: os.version.slice(0, 64),
      arch: now.nativeArch,
      kernel: ((yield* readText('/proc/sys/kernel/osrelease')) ?? '').trim(),
      packages: states.filter(isInstalled).length,
      upgrades:
        'kind' in found ? null : { total: found.length, security: found.filter(({ security }) => security).length },
      rebootRequired: health.rebootRequired,
      broken: health.broken.length,
    } satisfies z.output<typeof resultSchema>;
    const summary = `${facts.os}, ${facts.packages} packages`;
    return { status: 'unchanged', summary, transaction: null, data: facts, health, failure: null };
  },
});
