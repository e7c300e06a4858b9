import * as z from 'zod';
import { answerUnchanged, changePackages, markedManual, type PackageWork } from '../apt/change-packages.ts';
import { packageEnds, packageEndSchema } from '../apt/package-ends.ts';
import { installRequests, isSettled, planInstallation } from '../apt/plan-installation.ts';
import { readCleanSnapshot } from '../apt/take-snapshot.ts';
import { packageArgumentSchema, packageSelectorOf } from '../core/package-name.ts';
import { allowDowngrade, allowDowngradeOption, allowRemove, allowRemoveOption } from './package-arguments.ts';
import { defineTask, type Task, type TaskContext } from './task.ts';

const argsSchema = z
  .strictObject({
    packages: z
      .array(packageArgumentSchema)
      .min(1, { error: 'name at least one package' })
      .max(200)
      .describe(
        'Packages: `name`, `name:arch`, `name=version` or `name:arch=version`. They count as manually installed.',
      ),
    latest: z
      .boolean()
      .default(false)
      .describe('Upgrade those that are there already. Otherwise any version of them will do.'),
    allow_remove: allowRemove,
    allow_downgrade: allowDowngrade,
  })
  .refine(({ packages }) => new Set(packages.map(packageSelectorOf)).size === packages.length, {
    error: 'a package is named twice',
    path: ['packages'],
  });
type Args = z.output<typeof argsSchema>;

/** Afterwards the packages are installed, in any version or the one named, and marked as wanted for their own sake. */
export const aptInstall: Task = defineTask({
  name: 'apt.install',
  summary: 'Install packages; those that are there already stay as they are',
  args: argsSchema,
  result: z.strictObject({
    packages: z.array(packageEndSchema),
    /** Those that came as dependencies and are now kept for their own sake. */
    markedManual: z.array(z.string()),
  }),
  changesHost: true,
  commandLine: {
    operands: { key: 'packages', placeholder: 'PACKAGE', required: true },
    options: [
      { key: 'latest', flag: 'latest', description: 'upgrade those that are there already', type: 'boolean' },
      allowRemoveOption,
      allowDowngradeOption,
    ],
  },
  example: 'celeroot apt install nginx curl --role webserver',
  perform: (args, context) => changePackages(installation(args, context), context),
  *answerAtOnce(args, context) {
    const now = args.latest ? null : yield* readCleanSnapshot();
    if (now === null || !installRequests(args.packages, now).every((request) => isSettled(request, now))) return null;
    return yield* answerUnchanged(installation(args, context), context, now);
  },
});

function installation(args: Args, { exclude }: TaskContext): PackageWork {
  return {
    plan: (now) => planInstallation(installRequests(args.packages, now), args.latest, now),
    permissions: {
      remove: args.allow_remove,
      downgrade: args.allow_downgrade,
      exclude,
      named: args.packages.map(packageSelectorOf),
    },
    idle: `${args.packages.join(', ')}: installed already`,
    data: (ends) => ({
      packages: packageEnds(installRequests(args.packages, ends.before), ends),
      markedManual: [...markedManual(ends)],
    }),
  };
}
