import { jobIdSchema } from '../../src/core/ids.ts';
import type { Outcome } from '../../src/core/outcome.ts';
import { awaitPackageLocks, change, enterPhase, remember, type Work } from '../../src/core/step.ts';
import { executeJob } from '../../src/executor/execute-job.ts';
import { jobFolder } from '../../src/executor/job-folder.ts';

/**
 * An executor for tests of what happens around the work: `node slow-executor.ts WHAT PATH executor STATE JOB`. The
 * work runs the `apt-get` found in PATH as WHAT says and tells what it was the first to remember.
 */
const [what = '', searchPath = '', , stateDir = '', job = ''] = process.argv.slice(2);

if (what === 'die') process.exitCode = 3;
else {
  await executeJob(
    jobFolder(stateDir, jobIdSchema.parse(job)),
    async ({ attempt }) => ({ work: work(`attempt ${attempt}`), dryRun: what === 'dry-run', deadlineMs: 60_000 }),
    { clock: Date, lockTimeoutMs: 60_000, searchPath: `${searchPath}:/usr/bin:/bin` },
  );
}

function* work(attempt: string): Work<Outcome> {
  yield* enterPhase('planning');
  const first = yield* remember('first', attempt);
  yield* awaitPackageLocks();
  if (what === 'download') {
    yield* enterPhase('downloading');
    yield* change('downloading', ['apt-get', attempt]);
  }
  yield* enterPhase('committing');
  const { exitCode, signal, stdout } = yield* change('committing', ['apt-get', attempt]);
  if (what === 'crash-once' && attempt === 'attempt 1') process.kill(process.pid, 'SIGKILL');
  yield* enterPhase('verifying');
  return {
    status: 'changed',
    summary: stdout.trim(),
    transaction: null,
    data: { first, exitCode, signal },
    health: null,
    failure: null,
  };
}
