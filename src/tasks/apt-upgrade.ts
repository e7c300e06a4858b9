import * as z from 'zod';
import { changePackages, type PackageWork } from '../apt/change-packages.ts';
import { planUpgrade } from '../apt/plan-upgrade.ts';
import { allowDowngrade, allowDowngradeOption, allowRemove, allowRemoveOption, exclude } from './package-arguments.ts';
import { defineTask, type Task } from './task.ts';

const argsSchema = z.strictObject({
  mode: z
    .enum(['safe', 'full'])
    .default('safe')
    .describe('`safe` may install new packages but removes none; `full` may remove those that stand in the way.'),
  security_only: z
    .boolean()
    .default(false)
    .describe('Only to versions from a security archive, even where something newer exists elsewhere.'),
  exclude,
  allow_remove: allowRemove,
  allow_downgrade: allowDowngrade,
});

/** Afterwards everything is upgraded that the host's repositories, its administrator and the order allow. */
export const aptUpgrade: Task = defineTask({
  name: 'apt.upgrade',
  summary: 'Upgrade all packages, or only those with security fixes',
  args: argsSchema,
  result: z.strictObject({ keptBack: z.int() }),
  changesHost: true,
  commandLine: {
    options: [
      { key: 'security_only', flag: 'security-only', description: 'only security fixes', type: 'boolean' },
      { key: 'mode', flag: 'mode', description: 'safe or full', type: 'string', placeholder: 'MODE' },
      {
        key: 'exclude',
        flag: 'exclude-package',
        description: 'package to leave as it is',
        type: 'list',
        placeholder: 'PATTERN',
      },
      allowRemoveOption,
      allowDowngradeOption,
    ],
  },
  example: 'celeroot apt upgrade --security-only --role webserver --dry-run',
  perform: (args, context) => {
    const request = {
      mode: args.mode,
      securityOnly: args.security_only,
      exclude: [...context.exclude, ...args.exclude],
    };
    const work = {
      plan: (now) => planUpgrade(request, now),
      permissions: { remove: args.allow_remove, downgrade: args.allow_downgrade, exclude: request.exclude, named: [] },
      idle: 'nothing to upgrade',
      data: ({ plan }) => ({ keptBack: plan?.transaction.keptBack.length ?? 0 }),
    } satisfies PackageWork;
    return changePackages(work, context);
  },
});
