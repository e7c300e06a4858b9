import * as z from 'zod';
import { updateArgv } from '../apt/argv.ts';
import { changeWhenUnlocked } from '../apt/change-when-unlocked.ts';
import { classifyFailure } from '../apt/classify-failure.ts';
import { readReleases } from '../apt/read-releases.ts';
import { enterPhase, remember } from '../core/step.ts';
import { NO_PACKAGES } from './task-outcome.ts';
import { defineTask, type Task } from './task.ts';

const releaseSchema = z.strictObject({
  /** Name of the file in /var/lib/apt/lists. */
  file: z.string(),
  /** When its repository was last published, as the repository says it; null when it does not. */
  date: z.string().nullable(),
});

/** Afterwards the package lists are those of the mirrors. It has changed something when a repository has. */
export const aptUpdate: Task = defineTask({
  name: 'apt.update',
  summary: 'Fetch the package lists anew',
  args: z.strictObject({}),
  result: z.strictObject({ releases: z.array(releaseSchema), changed: z.array(z.string()) }),
  changesHost: true,
  commandLine: { options: [] },
  example: 'celeroot apt update --all',
  *perform(_args, { job, dryRun }) {
    const known = yield* readReleases();
    if (dryRun) {
      const summary = `would fetch the lists of ${known.length} repositories anew`;
      return { ...NO_PACKAGES, status: 'planned', summary, data: { releases: [...known], changed: [] } };
    }
    const before = z.array(releaseSchema).parse(JSON.parse(yield* remember('releases', JSON.stringify(known))));
    yield* enterPhase('refreshing');
    const output = yield* changeWhenUnlocked('refreshing', updateArgv(job));
    const after = yield* readReleases();
    const dates = new Map(before.map(({ file, date }) => [file, date]));
    const changed = after.filter(({ file, date }) => dates.get(file) !== date).map(({ file }) => file);
    const data = { releases: [...after], changed };
    if (output.exitCode !== 0) {
      const failure = classifyFailure(output);
      return { ...NO_PACKAGES, status: 'failed', summary: failure.message.slice(0, 2000), data, failure };
    }
    const summary =
      changed.length === 0
        ? 'the lists were up to date'
        : `${changed.length} of ${after.length} repositories have news`;
    return { ...NO_PACKAGES, status: changed.length === 0 ? 'unchanged' : 'changed', summary, data };
  },
});
