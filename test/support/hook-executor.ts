import { jobIdSchema } from '../../src/core/ids.ts';
import { executeJob } from '../../src/executor/execute-job.ts';
import { jobFolder } from '../../src/executor/job-folder.ts';
import { hookRun } from '../../src/tasks/hook-run.ts';

/** An executor that does hook.run: `node hook-executor.ts NAME PATH executor STATE JOB`; programs are found in PATH. */
const [name = '', searchPath = '', , stateDir = '', job = ''] = process.argv.slice(2);

const context = { job, dryRun: false, exclude: [], deny: [], expectedPlan: null };
await executeJob(
  jobFolder(stateDir, jobIdSchema.parse(job)),
  async () => ({ work: hookRun.perform({ name }, context), dryRun: false, deadlineMs: 60_000 }),
  { clock: Date, lockTimeoutMs: 60_000, searchPath: `${searchPath}:/usr/bin:/bin` },
);
