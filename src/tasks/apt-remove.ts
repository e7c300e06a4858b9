import * as z from 'zod';
import { answerUnchanged, changePackages, type PackageWork } from '../apt/change-packages.ts';
import { packageEnds, packageEndSchema } from '../apt/package-ends.ts';
import { planRemoval, removable, removalRequests } from '../apt/plan-removal.ts';
import { readCleanSnapshot } from '../apt/take-snapshot.ts';
import { packageSelectorSchema } from '../core/package-name.ts';
import { allowRemove, allowRemoveOption } from './package-arguments.ts';
import { defineTask, type Task } from './task.ts';

const argsSchema = z.strictObject({
  packages: z
    .array(packageSelectorSchema)
    .min(1, { error: 'name at least one package' })
    .max(200)
    .describe('Packages: `name` or `name:arch`.'),
  purge: z.boolean().default(false).describe('Remove their configuration files too.'),
  allow_remove: allowRemove,
});
type Args = z.output<typeof argsSchema>;

/** Afterwards the packages are gone. What depends on them goes only when it is named too; what they needed stays. */
export const aptRemove: Task = defineTask({
  name: 'apt.remove',
  summary: 'Remove packages, with their configuration files if asked',
  args: argsSchema,
  result: z.strictObject({ packages: z.array(packageEndSchema) }),
  changesHost: true,
  commandLine: {
    operands: { key: 'packages', placeholder: 'PACKAGE', required: true },
    options: [
      { key: 'purge', flag: 'purge', description: 'remove their configuration files too', type: 'boolean' },
      allowRemoveOption,
    ],
  },
  example: 'celeroot apt remove nginx --purge --host web1',
  perform: (args, context) => changePackages(removal(args), context),
  *answerAtOnce(args, context) {
    const now = yield* readCleanSnapshot();
    if (now === null || removable(args.packages, args.purge, now).length > 0) return null;
    return yield* answerUnchanged(removal(args), context, now);
  },
});

function removal(args: Args): PackageWork {
  return {
    plan: (now) => planRemoval(args.packages, args.purge, now),
    permissions: { remove: [...args.packages, ...args.allow_remove], downgrade: [], exclude: [], named: args.packages },
    idle: `${args.packages.join(', ')}: not installed`,
    data: (ends) => ({ packages: packageEnds(removalRequests(args.packages, ends.before), ends) }),
  };
}
