import { change, enterPhase, listNames, readText, type CommandOutput, type Work } from '../core/step.ts';
import { commitArgv, downloadArgv, markManualArgv, type AptOperation, type CommitLimits } from './argv.ts';
import { changeWhenUnlocked } from './change-when-unlocked.ts';
import type { Plan } from './plan.ts';

/** Carries a plan out and returns what the last program that mattered said. */
export function* applyPlan(plan: Plan, job: string): Work<CommandOutput> {
  const output = plan.operation === null ? NOTHING_RUN : yield* transact(plan.operation, plan, job);
  if (output.exitCode !== 0 || plan.marks.length === 0) return output;
  if (plan.operation === null) yield* enterPhase('committing');
  return yield* change('committing', markManualArgv(plan.marks));
}

/** Fetches everything first, so that the commit, which must not be broken off, is short and needs no network. */
function* transact(operation: AptOperation, { transaction: { changes } }: Plan, job: string): Work<CommandOutput> {
  const fetches = changes.some(({ to }) => to !== null);
  const limits: CommitLimits = {
    job,
    removes: changes.some(({ to }) => to === null),
    downgrades: changes.some(({ action }) => action === 'downgrade'),
    offline: fetches && !(yield* usesFileRepositories()),
  };
  if (fetches) {
    yield* enterPhase('downloading');
    const output = yield* changeWhenUnlocked('downloading', downloadArgv(operation, limits));
    if (output.exitCode !== 0) return output;
  }
  yield* enterPhase('committing');
  return yield* changeWhenUnlocked('committing', commitArgv(operation, limits));
}

const NOTHING_RUN: CommandOutput = { exitCode: 0, signal: null, stdout: '', stderr: '' };

/** Looks for `file:` anywhere in apt's lists of sources; one too many only lets the commit use the network. */
function* usesFileRepositories(): Work<boolean> {
  const folder = '/etc/apt/sources.list.d';
  const paths = (yield* listNames(folder)).map((name) => `${folder}/${name}`);
  for (const path of ['/etc/apt/sources.list', ...paths]) {
    if (/\bfile:/.test((yield* readText(path)) ?? '')) return true;
  }
  return false;
}
