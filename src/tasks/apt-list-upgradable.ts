import * as z from 'zod';
import { assessHealth } from '../apt/health.ts';
import { availableUpgradeSchema, surveyUpgrades, type AvailableUpgrade } from '../apt/survey-upgrades.ts';
import { takeSnapshot } from '../apt/take-snapshot.ts';
import { defineTask, type Task } from './task.ts';

const resultSchema = z.strictObject({ upgradable: z.array(availableUpgradeSchema) });

/** What `apt.upgrade` could get, by the host's lists as they are: run `apt.update` first for what is new. */
export const aptListUpgradable: Task = defineTask({
  name: 'apt.list-upgradable',
  summary: 'List packages that have something newer, security fixes apart',
  args: z.strictObject({}),
  result: resultSchema,
  changesHost: false,
  commandLine: { options: [] },
  table: {
    head: ['PACKAGE', 'INSTALLED', 'AVAILABLE', 'SECURITY', 'FROM'],
    rows: (data) => (resultSchema.safeParse(data).data?.upgradable ?? []).map(describeUpgrade),
  },
  example: 'celeroot apt list-upgradable --all',
  *perform() {
    const now = yield* takeSnapshot();
    const found = yield* surveyUpgrades(now);
    const failure = 'kind' in found ? found : null;
    const upgradable = 'kind' in found ? [] : found;
    return {
      status: failure === null ? 'unchanged' : 'failed',
      summary: failure?.message ?? summarize(upgradable),
      transaction: null,
      data: { upgradable: [...upgradable] } satisfies z.output<typeof resultSchema>,
      health: yield* assessHealth(now),
      failure,
    };
  },
});

function describeUpgrade({ package: name, from, to, security, origin, obstacle }: AvailableUpgrade): readonly string[] {
  const source = [origin, obstacle === null ? null : `kept back: ${obstacle}`].filter((part) => part !== null);
  return [name, from, to, security ? 'yes' : '', source.join(', ')];
}

function summarize(upgradable: readonly AvailableUpgrade[]): string {
  const security = upgradable.filter((upgrade) => upgrade.security).length;
  return upgradable.length === 0 ? 'nothing to upgrade' : `${upgradable.length} upgradable, ${security} for security`;
}
