import * as z from 'zod';
import type { Failure } from '../core/outcome.ts';
import { change, enterPhase, type Argv, type CommandOutput } from '../core/step.ts';
import { describeEnd, findPrograms, lastLine, programNameSchema } from '../system/declared-programs.ts';
import { failedTask, NO_PACKAGES } from './task-outcome.ts';
import { defineTask, type Task } from './task.ts';

const resultSchema = z.strictObject({
  program: z.string(),
  /** Null when it was not run, or a signal ended it. */
  exitCode: z.int().nullable(),
  /** The last line it printed. */
  said: z.string().max(500),
});
type Result = Readonly<z.output<typeof resultSchema>>;

/**
 * Runs a program that the host's owner has declared, such as one that takes the host out of a load balancer. After a
 * crash of the executor it is waited for (executor/await-survivors.ts) and run again: how it ended nobody knows.
 */
export const hookRun: Task = defineTask({
  name: 'hook.run',
  summary: 'Run a program that the host’s owner has declared, such as one that drains it',
  args: z.strictObject({
    name: programNameSchema.describe('A program in `/etc/celeroot/hooks.d` of the host; see [hooks](hooks.md).'),
  }),
  result: resultSchema,
  changesHost: true,
  commandLine: { operands: { key: 'name', placeholder: 'NAME', required: true, single: true }, options: [] },
  example: 'celeroot hook run drain --host web1',
  *perform({ name }, { dryRun }) {
    const programOf = yield* findPrograms('/etc/celeroot/hooks.d', [name]);
    const { path: program, objection } = programOf(name);
    const notRun: Result = { program, exitCode: null, said: '' };
    if (objection !== null) return failedTask({ kind: 'hook_refused', message: objection, hint: REFUSED_HINT }, notRun);
    if (dryRun) return { ...NO_PACKAGES, status: 'planned', summary: `would run ${program}`, data: notRun };
    yield* enterPhase('running-hook');
    const output = yield* change('running-hook', limited(program));
    const said = lastLine(output).slice(0, 500);
    const data: Result = { program, exitCode: output.exitCode, said };
    if (output.exitCode !== 0) return failedTask(failureOf(program, output), data);
    return { ...NO_PACKAGES, status: 'changed', summary: `ran ${program}${said === '' ? '' : `: ${said}`}`, data };
  },
});

const REFUSED_HINT = 'on the host, as root: install -m 755 PROGRAM /etc/celeroot/hooks.d/NAME';

const LIMIT_SECONDS = 600;
const KILL_SECONDS = 10;

/** Ends with what it has started, also when there is no executor any more to see to it. */
function limited(program: string): Argv {
  return ['timeout', '--verbose', `--kill-after=${KILL_SECONDS}`, `${LIMIT_SECONDS}`, program];
}

function failureOf(program: string, output: CommandOutput): Failure {
  const end = ranOutOfTime(program, output)
    ? `did not end within ${LIMIT_SECONDS / 60} min and was stopped`
    : describeEnd(output);
  return { kind: 'hook_failed', message: `${program} ${end}`.slice(0, 4000), hint: 'see the job’s output' };
}

/** timeout(1) says so with `--verbose`; its exit code alone could be the program's own. */
function ranOutOfTime(program: string, { stdout }: CommandOutput): boolean {
  return stdout.split('\n').some((line) => line.startsWith('timeout: sending signal ') && line.includes(program));
}
