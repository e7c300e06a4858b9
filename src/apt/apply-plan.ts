import { change, enterPhase, listNames, readText, type CommandOutput, type Work } from '../core/step.ts';
import {
  commitArgv,
  downloadArgv,
  markManualArgv,
  purgeRestArgv,
  type AptOperation,
  type CommitLimits,
} from './argv.ts';
import { changeWhenUnlocked } from './change-when-unlocked.ts';
import { isOnlyConfiguration } from './package-state.ts';
import { isReached, type Plan, type WantedState } from './plan.ts';
import { findPackage } from './snapshot.ts';
import { takeSnapshot } from './take-snapshot.ts';

/** Carries a plan out and returns what the last program that mattered said. */
export function* applyPlan(plan: Plan, job: string): Work<CommandOutput> {
  const output = plan.operation === null ? NOTHING_RUN : yield* transact(plan.operation, plan, job);
  if (output.exitCode !== 0 || plan.marks.length === 0) return output;
  if (plan.operation === null) yield* enterPhase('committing');
  return yield* change('committing', markManualArgv(plan.marks));
}

/** Fetches everything first, so that the commit, which must not be broken off, is short and needs no network. */
function* transact(operation: AptOperation, plan: Plan, job: string): Work<CommandOutput> {
  const { transaction, wanted } = plan;
  const { changes } = transaction;
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
  const output = yield* changeWhenUnlocked('committing', commitArgv(operation, limits));
  return operation.verb === 'purge' && output.exitCode !== 0 ? yield* purgeRest(wanted, output) : output;
}

/**
 * apt purges last of all, after it has tried to configure whatever the host has, and not at all when that fails: a
 * package that has nothing to do with the job would leave what was removed unpurged for ever.
 */
function* purgeRest(wanted: readonly WantedState[], output: CommandOutput): Work<CommandOutput> {
  const now = yield* takeSnapshot();
  const missing = wanted.filter((one) => !isReached(one, now));
  const left = missing
    .map(({ name, arch }) => findPackage(now, name, arch))
    .filter((state) => state !== null)
    .filter(isOnlyConfiguration);
  if (left.length === 0) return output;
  const keys = left.map(({ name, arch }) => `${name}:${arch}`);
  const rest = yield* changeWhenUnlocked('committing', purgeRestArgv(keys));
  return rest.exitCode === 0 && left.length < missing.length ? output : rest;
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
